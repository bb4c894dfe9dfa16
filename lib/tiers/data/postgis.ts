import { z } from 'zod';
import { sql } from '../../bindings/sql-database';
import { dumped } from '../../core/backup';
import { defineComponent } from '../../core/definition';
import { gateway } from '../../core/gateway';
import { TcpRoute } from '../../core/stream-routes';
import { images } from '../../images';
import { databases, extensions, settings } from './postgres-options';
import { Databases } from './postgres-server';
import { singlePostgres, superuserOf } from './postgres-single';

/**
 * PostgreSQL with PostGIS and pgRouting, one server for the databases of the platform and of people.
 * https://postgis.net/documentation/ and https://www.postgresql.org/docs/16/
 */
export const postgis = defineComponent({
  title: 'PostgreSQL with PostGIS',
  documentation: 'https://postgis.net/documentation/',
  signIn: 'role and password (SCRAM-SHA-256) for each database; from outside over TLS, which ends at the gateway',
  keeps: 'all databases and roles, in a backup as a dump of the running server (pg_dump)',
  tier: 'data',
  replicas: {
    why: 'it is one server in one pod, with all data on its volume',
    instead: 'remove it; pg-cluster has several, by replicas: 3 or availability: high',
  },
  volumes: { data: '20Gi' },
  options: z.strictObject({
    databases: databases('gis').default({ gis: {} }),
    extensions: extensions('gis').default(['postgis', 'postgis_raster', 'postgis_topology', 'hstore', 'pgrouting']),
    reachable: z.boolean().default(true).describe('Reachable from outside as postgres.<domain>:5432 with TLS'),
    settings: settings.default({ shared_buffers: '256MB', max_connections: 100 }),
  }),
  needs: { gateway },
  provides: { sql },
  sizes: {
    small: { storage: '5Gi', resources: { requests: { cpu: '50m', memory: '384Mi' } } },
    large: {
      storage: '200Gi',
      settings: { shared_buffers: '1GB', max_connections: 200 },
      resources: { requests: { cpu: '1', memory: '2Gi' }, limits: { cpu: '4', memory: '8Gi' } },
    },
  },
  build(self, { options }) {
    const databases = new Databases(self, () => ({
      endpoint: server.endpoint('postgres'),
      superuser,
      clientImage: images.postgis,
    }));
    const data = self.volume(
      'data',
      dumped('critical', () => databases.dump()),
    );
    const superuser = superuserOf(self, data, () => server);
    const server = singlePostgres(self, superuser, {
      image: images.postgis,
      settings: options.settings,
      data,
    });
    databases.declare(options.databases, options.extensions);
    if (options.reachable) {
      const name = self.named('postgres');
      new TcpRoute(self, name, {
        host: name,
        entryPoint: { name: 'postgres', port: 5432 },
        to: server.endpoint('postgres'),
        // libpq says so since version 17.
        alpn: 'postgresql',
        tile: { title: 'PostgreSQL', description: 'PostGIS, with TLS on port 5432', icon: 'postgresql.png' },
      });
    }
    return { sql: databases };
  },
});
