import { identity } from '../../bindings/oidc-client';
import { sql } from '../../bindings/sql-database';
import type { Deployment } from '../../core/controllers';
import { defineComponent } from '../../core/definition';
import { gateway } from '../../core/gateway';
import { hostOf } from '../../core/override-hosts';
import { several } from '../../core/replicas';
import { HttpRoute } from '../../core/route';
import { Accounts } from './keycloak/accounts';
import { keycloakOptions } from './keycloak/options';
import { setupClient, startServer } from './keycloak/server';

/**
 * Keycloak: the accounts of people, and the pages on which they sign in. A job makes the realm from what the platform
 * declares. https://www.keycloak.org/documentation
 */
export const keycloak = defineComponent({
  title: 'Keycloak, sign-in for people',
  documentation: 'https://www.keycloak.org/documentation',
  signIn: 'it is where people sign in; the pages for administrators ask for the password of admin',
  keeps: 'people, their groups and sessions, all of it in its database, which is in the backup of the database server',
  tier: 'auth',
  replicas: several(2),
  options: keycloakOptions,
  needs: { gateway, sql },
  provides: { identity },
  sizes: {
    small: { resources: { requests: { cpu: '100m', memory: '512Mi' } } },
  },
  build(self, given) {
    const { options } = given;
    const url = `https://${hostOf(self, self.name)}`;
    const setup = setupClient(self, () => server);
    const server: Deployment = startServer(self, { options, url, setup, database: given.sql.database(self.name) });
    const endpoint = server.endpoint('http');
    new HttpRoute(self, self.name, {
      hosts: [self.name],
      to: endpoint,
      // It is where people sign in.
      access: 'public',
      hidden: options.adminConsole ? [] : ['/admin'],
      // Its first page leads to the pages for administrators.
      ...(options.adminConsole ? { tile: { title: 'Keycloak', description: 'Accounts of people', icon: 'keycloak.png' } } : {}),
    });
    return { identity: new Accounts(self, { options, url, endpoint, setup }) };
  },
});
