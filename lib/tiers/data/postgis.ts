import { z } from 'zod';
import { resources, storage } from '../../config/options';
import type { StatefulSet } from '../../core/controllers';
import type { Credential } from '../../core/credential';
import type { Platform } from '../../core/platform';
import { TcpRoute } from '../../core/stream-routes';
import { Volume } from '../../core/volume';
import { images } from '../../images';
import { databases, extensions, settings } from './postgres-options';
import { PostgresComponent, type ServerAccess } from './postgres-server';
import { singlePostgres, superuserOf } from './postgres-single';

export const postgisOptions = z.strictObject({
  databases: databases('gis').default({ gis: {} }),
  extensions: extensions('gis').default(['postgis', 'postgis_raster', 'postgis_topology', 'hstore', 'pgrouting']),
  reachable: z.boolean().default(true).describe('Reachable from outside as postgres.<domain>:5432 with TLS'),
  settings: settings.default({ shared_buffers: '256MB', max_connections: 100 }),
  storage: storage('20Gi'),
  resources,
});

/**
 * PostgreSQL with PostGIS and pgRouting, one server for the databases of the platform and of people.
 * https://postgis.net/documentation/ and https://www.postgresql.org/docs/16/
 */
export class PostGis extends PostgresComponent {
  private readonly server: StatefulSet;
  private readonly superuser: Credential;

  constructor(platform: Platform, options: z.output<typeof postgisOptions>) {
    super(platform, 'postgis');
    platform.provide('sql', this, this);
    const data = new Volume('data', {
      size: options.storage,
      backup: { priority: 'critical', method: 'dump', dump: () => this.dump() },
    });
    this.superuser = superuserOf(this, data, () => this.server);
    this.server = singlePostgres(this, this.superuser, {
      image: images.postgis,
      settings: options.settings,
      data,
      resources: options.resources,
    });
    this.declare(options.databases, options.extensions);
    if (options.reachable) {
      new TcpRoute(this, 'postgres', {
        host: 'postgres',
        entryPoint: { name: 'postgres', port: 5432 },
        to: this.server.endpoint('postgres'),
        // libpq says so since version 17.
        alpn: 'postgresql',
        tile: { title: 'PostgreSQL', description: 'PostGIS, with TLS on port 5432', icon: 'postgresql.png' },
      });
    }
  }

  protected override get access(): ServerAccess {
    return {
      endpoint: this.server.endpoint('postgres'),
      superuser: this.superuser,
      clientImage: images.postgis,
    };
  }
}
