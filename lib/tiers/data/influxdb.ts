import { z } from 'zod';
import { dumped, dumpFolder, type Dump } from '../../core/backup';
import type { ContainerProps } from '../../core/container';
import { StatefulSet } from '../../core/controllers';
import { Credential, literal, password } from '../../core/credential';
import { dataVersion } from '../../core/data-version';
import { defineComponent } from '../../core/definition';
import type { Endpoint } from '../../core/endpoint';
import { gateway } from '../../core/gateway';
import { temporary } from '../../core/mount';
import { http } from '../../core/probe';
import type { Resources } from '../../core/resources';
import { HttpRoute } from '../../core/route';
import { Volume } from '../../core/volume';
import { images } from '../../images';
import { backup, metrics } from '../../options';
import { loadScript, saveScript, setUpScript } from './influxdb/scripts';

/** Names go into JSON as they are. */
const name = (example: string) =>
  z.string().regex(/^[A-Za-z0-9][\w .-]*$/, {
    error: `must be letters, digits, spaces, dots, dashes and underscores; write for example ${example}`,
  });

/**
 * InfluxDB 2, one server: API and pages at `influxdb.` below the domain. The open-source program knows no cluster, so that
 * there is one pod also where availability is high. https://docs.influxdata.com/influxdb/v2/
 */
export const influxdb = defineComponent({
  title: 'InfluxDB 2, time series',
  documentation: 'https://docs.influxdata.com/influxdb/v2/',
  signIn: 'name and password on its page, a token for its API',
  keeps: 'all buckets, dashboards and users, in a backup as a dump of the running server (influx backup)',
  tier: 'data',
  replicas: { why: 'it is one pod, since the open-source program knows no cluster' },
  volumes: { data: '20Gi' },
  options: z.strictObject({
    organisation: name('hy_home').default('hy_home').describe('Organisation that is made at the first start'),
    bucket: name('metrics').default('metrics').describe('Bucket that is made at the first start'),
    retention: z
      .string()
      .regex(/^([1-9]\d*[hdw]|forever)$/, {
        error: 'must be a number of hours, days or weeks, or forever; write for example 30d',
      })
      .default('forever')
      .describe('How long that bucket keeps what it gets: hours, days or weeks, for example 30d, or forever'),
    metrics,
    backup: backup('high'),
  }),
  needs: { gateway },
  sizes: {
    small: { storage: '5Gi' },
    large: { storage: '200Gi', resources: { limits: { cpu: '4', memory: '8Gi' } } },
  },
  build(self, { options }) {
    const data: Volume = self.volume(
      'data',
      dumped(options.backup, () => serverDump(server.endpoint('http'), admin)),
    );
    // The server takes the token at the first start only, and offers no way to choose another one.
    const admin = new Credential(self, self.name, {
      keys: { username: literal('admin'), password: password(24), token: password(64) },
      storedIn: data,
    });
    const size = self.resources({
      requests: { cpu: '100m', memory: '512Mi' },
      limits: { cpu: '1', memory: '1Gi' },
    });
    const influxd = influxdOn(data, size);
    const server = new StatefulSet(self, self.name, {
      ...influxd,
      command: ['influxd'],
      ports: { http: 8086 },
      init: {
        ...dataVersion({ volume: data, program: 'InfluxDB', version: '2' }),
        // Whoever comes first to a server without users becomes its administrator: no door is open before one is there.
        'set-up': {
          ...influxd,
          command: ['bash', '-c', setUpScript],
          env: {
            ...influxd.env,
            USERNAME: admin.key('username'),
            PASSWORD: admin.key('password'),
            TOKEN: admin.key('token'),
            ORGANISATION: options.organisation,
            BUCKET: options.bucket,
            RETENTION_SECONDS: seconds(options.retention),
          },
        },
      },
      user: { uid: 1000, gid: 1000 },
      // The write-ahead log is read before it is ready.
      probes: { ready: http('/ready'), live: http('/health'), startupSeconds: 600 },
      terminationGraceSeconds: 120,
      ...(options.metrics ? { metrics: { port: 'http', path: '/metrics' } } : {}),
    });
    new HttpRoute(self, self.name, {
      hosts: [self.name],
      to: server.endpoint('http'),
      // It asks for a password or a token itself, but for these.
      access: 'public',
      hidden: ['/metrics', '/debug'],
      tile: { title: 'InfluxDB', description: 'Time series', icon: 'influxdb.png' },
    });
  },
});

/** The server, with all of its files on the volume. */
function influxdOn(data: Volume, size: Resources): ContainerProps {
  return {
    image: images.influxdb,
    env: {
      INFLUXD_BOLT_PATH: '/var/lib/influxdb2/influxd.bolt',
      INFLUXD_SQLITE_PATH: '/var/lib/influxdb2/influxd.sqlite',
      INFLUXD_ENGINE_PATH: '/var/lib/influxdb2/engine',
      INFLUXD_REPORTING_DISABLED: true,
      INFLUXD_PPROF_DISABLED: true,
      HOME: '/tmp',
    },
    mounts: { '/var/lib/influxdb2': data, '/tmp': temporary('tmp', '256Mi') },
    resources: size,
  };
}

/** @param admin key `token` of an operator */
function serverDump(endpoint: Endpoint, admin: Credential): Dump {
  const container = (script: string): ContainerProps => ({
    image: images.influxdb,
    command: ['bash', '-c', script],
    env: {
      INFLUX_HOST: endpoint.url(),
      INFLUX_TOKEN: admin.key('token'),
      INFLUX_CONFIGS_PATH: '/tmp/influx-configs',
      HOME: '/tmp',
    },
    mounts: { '/tmp': temporary('tmp', '256Mi') },
    workingDir: dumpFolder,
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '1', memory: '512Mi' } },
  });
  return { method: 'influx backup', endpoint, save: container(saveScript), load: container(loadScript(admin.name)) };
}

/** Seconds of a duration such as `30d`; 0 stands for ever. */
function seconds(duration: string): number {
  const units: Record<string, number> = { h: 3600, d: 86_400, w: 604_800 };
  return duration === 'forever' ? 0 : parseInt(duration) * (units[duration.slice(-1)] ?? 0);
}
