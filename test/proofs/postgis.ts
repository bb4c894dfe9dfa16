import { defineProof } from '../cluster/support/proof';
import type { ProofContext } from '../cluster/support/proof-context';

/** From outside, by TLS, which ends at the gateway; {@link access} has the variables. */
const connect = `
import psycopg2
connection = psycopg2.connect(host=host, dbname=database, user='gis', password=password, connect_timeout=10,
                              sslmode=sslmode, sslrootcert='/tmp/ca.crt')
connection.autocommit = True
sql = connection.cursor()
`;

const access = async (context: ProofContext, to: { sslmode?: string; database?: string } = {}) => ({
  host: context.host(context.named('postgres')),
  password: await context.secret(`${context.service}-gis`, 'password'),
  sslmode: 'verify-full',
  database: 'gis',
  ...to,
});

/** A thousand places for each name, and a view of those in the west. */
export const proof = defineProof({
  component: 'postgis',
  services: { postgis: { storage: '1Gi', databases: { gis: {}, other: {} } } },

  async write(context, name) {
    const script = `${connect}
sql.execute('create table if not exists places (name text, number int, at geometry(Point, 4326), primary key (name, number))')
sql.execute('create or replace view west as select name, number from places where ST_X(at) < 1')
sql.execute('delete from places where name = %s', (name,))
sql.execute('insert into places select %s, n, ST_SetSRID(ST_MakePoint(n / 100.0, 50), 4326) from generate_series(1, 1000) n', (name,))
`;
    await context.python(script, { ...(await access(context)), name });
  },

  async read(context) {
    const script = `${connect}
import json
sql.execute("""select name, concat_ws(' ', count(*), (select count(*) from west where west.name = places.name),
                                           md5(string_agg(ST_AsText(at), ',' order by number))) from places group by name""")
print(json.dumps(dict(sql.fetchall())))
`;
    return JSON.parse(await context.python(script, await access(context))) as Record<string, string>;
  },

  also: {
    'it answers through the gateway by TLS server name, and only so': async (context) => {
      await context.failure(connect, await access(context, { sslmode: 'disable' }));
    },
    'its extensions are there': async (context) => {
      const script = `${connect}
sql.execute('select extname from pg_extension order by 1')
print(','.join(name for name, in sql.fetchall()))
`;
      const extensions = await context.python(script, await access(context));
      expect(extensions).toBe('hstore,pgrouting,plpgsql,postgis,postgis_raster,postgis_topology');
    },
    'a role is refused in the database of another one': async (context) => {
      const said = await context.failure(connect, await access(context, { database: 'other' }));
      expect(said).toContain('permission denied for database "other"');
    },
  },
});
