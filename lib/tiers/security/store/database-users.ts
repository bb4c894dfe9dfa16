import { sql, type SqlServer } from '../../../bindings/sql-database';
import type { Component } from '../../../core/component';
import type { Credential } from '../../../core/credential';
import type { Endpoint } from '../../../core/endpoint';
import { databaseRole, type DesiredState } from './desired-state';
import type { StoreOptions } from './options';

/** The PostgreSQL server whose users a store makes, and the role that it does so as. */
export class DatabaseUsers {
  readonly endpoint: Endpoint;
  readonly state: NonNullable<DesiredState['databases']>;
  private readonly maker: Credential;

  constructor(store: Component, { server: wanted, roles }: NonNullable<StoreOptions['database']>) {
    const server = serverOf(store, wanted);
    const names = [...new Set(Object.values(roles).map(({ database }) => database))].sort();
    this.maker = server.roleMaker(store.name, names);
    this.endpoint = server.writes;
    this.state = {
      host: this.endpoint.address,
      user: store.name,
      names,
      roles: Object.fromEntries(Object.entries(roles).map(([role, options]) => [role, databaseRole(store.name, options)])),
    };
  }

  get env() {
    return { DATABASE_PASSWORD: this.maker.key('password') };
  }
}

/** The service that the options name, or `uses` or the platform for all, or the only one that runs PostgreSQL. */
function serverOf({ platform, name }: Component, wanted: string | undefined): SqlServer {
  const { config } = platform;
  const able = [...platform.servicesFor(sql)].sort();
  const problem = (message: string) => config.errorOf([{ path: ['services', name, 'database', 'server'], message }]);
  if (able.length === 0) throw problem('needs a service that runs PostgreSQL; add "mng-pg: {}" under services');
  const named = wanted ?? config.services[name]?.uses[sql.name] ?? config.providers[sql.name];
  const chosen = named ?? (able.length === 1 ? able[0] : undefined);
  if (chosen === undefined) throw problem(`is missing, as there are several; write one of ${able.join(', ')}`);
  if (!able.includes(chosen)) throw problem(`${chosen} runs no PostgreSQL here; write ${able.join(' or ')}`);
  return platform.providerBy(sql, chosen);
}
