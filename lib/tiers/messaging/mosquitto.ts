import { z } from 'zod';
import { mqtt, MqttUser, topics, type Topics } from '../../bindings/mqtt';
import { archived } from '../../core/backup';
import { ConfigFiles } from '../../core/config-files';
import { StatefulSet } from '../../core/controllers';
import { dataVersion } from '../../core/data-version';
import { defineComponent } from '../../core/definition';
import { SecretText } from '../../core/env';
import { gateway } from '../../core/gateway';
import { late } from '../../core/late';
import { temporary } from '../../core/mount';
import { tcp } from '../../core/probe';
import { Registry } from '../../core/registry';
import { HttpRoute } from '../../core/route';
import { TcpRoute } from '../../core/stream-routes';
import { images } from '../../images';
import { access, backup, wholeNumber } from '../../options';

const options = z.strictObject({
  users: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes; write for example sensors'),
      topics.nullable(),
    )
    .default({})
    .describe('Users for people and devices, with their topics; by default all below their name, as in sensors/#'),
  reachable: z.boolean().default(true).describe('Reachable from outside: with TLS on port 8883, and as a WebSocket'),
  access: access('public').describe('Who may open the WebSocket; the broker asks for a password in any case'),
  connections: wholeNumber(1000).default(1000).describe('Connections at most, and as many again as WebSockets'),
  inFlight: wholeNumber(20).default(20).describe('Messages on their way to one client at the same time'),
  queued: wholeNumber(100).default(100).describe('Messages that wait for one client at most; more are dropped'),
  messageSize: wholeNumber(1048576, { of: 'bytes' }).default(1048576).describe('Bytes of a message at most'),
  backup: backup('high'),
});

/**
 * Mosquitto, a broker of one pod: plain MQTT inside the platform, from outside with TLS, which ends at the gateway.
 * https://mosquitto.org/man/mosquitto-conf-5.html
 */
export const mosquitto = defineComponent({
  title: 'Mosquitto, an MQTT broker',
  documentation: 'https://mosquitto.org/documentation/',
  signIn: 'name and password of a user, each with topics of its own; from outside over TLS, which ends at the gateway',
  keeps: 'retained messages, sessions and what waits for them, in a backup as the files of the stopped broker',
  tier: 'messaging',
  replicas: { why: 'it is one pod, since the broker knows no cluster' },
  volumes: { data: '1Gi' },
  options,
  needs: { gateway },
  provides: { mqtt },
  sizes: { large: { connections: 10_000, storage: '10Gi', resources: { limits: { cpu: '2', memory: '2Gi' } } } },
  build(self, { options }) {
    const data = self.volume('data', archived(options.backup));
    const users = new Registry<MqttUser, Topics>(self, {
      what: 'user',
      agree: { publish: 'same', subscribe: 'same' },
      option: (name) => ['users', name],
      make: (name, wishes) => new MqttUser(self, server.endpoint('mqtt'), name, wishes),
    });
    const files = new ConfigFiles(self, self.name, () => ({
      'mosquitto.conf': configuration(options),
      topics: users.all.map(topicsOf).join(''),
    }));
    const run = temporary('run', '8Mi', 'memory');
    const server: StatefulSet = new StatefulSet(self, self.name, {
      image: images.mosquitto,
      command: ['mosquitto', '-c', '/etc/mosquitto/mosquitto.conf'],
      ports: { mqtt: 1883, websocket: 9001 },
      init: {
        ...dataVersion({ volume: data, program: 'Mosquitto', version: '2' }),
        users: {
          image: images.mosquitto,
          // It reads no links, such as files of a ConfigMap are, and wants both to be its own and nobody else’s.
          command: ['sh', '-c', prepare],
          env: { USERS: late(() => passwordsOf(users.all)) },
          mounts: { '/etc/mosquitto': files, '/run/mosquitto': run, '/tmp': temporary('tmp', '1Mi', 'memory') },
          resources: { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
        },
      },
      mounts: { '/etc/mosquitto': files, '/run/mosquitto': run, '/mosquitto/data': data },
      user: { uid: 1883, gid: 1883 },
      probes: { ready: tcp('mqtt') },
      resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { cpu: '1', memory: '512Mi' } },
    });
    for (const [name, wishes] of Object.entries(options.users)) users.ask(name, wishes ?? {});
    if (options.reachable) {
      const name = self.named('mqtt');
      new TcpRoute(self, name, {
        host: name,
        entryPoint: { name: 'mqtts', port: 8883 },
        to: server.endpoint('mqtt'),
        alpn: 'mqtt',
        tile: { title: 'MQTT', description: 'Mosquitto, with TLS on port 8883', icon: 'eclipse-mosquitto.png' },
      });
      new HttpRoute(self, self.named('mqtt-websocket'), {
        hosts: [name],
        to: server.endpoint('websocket'),
        access: options.access,
      });
    }
    return { mqtt: { user: (name, wishes = {}) => users.ask(name, wishes) } };
  },
});

const prepare = `set -eu
umask 077
cp /etc/mosquitto/topics /run/mosquitto/topics
printf %s "$USERS" > /run/mosquitto/users
[ -z "$USERS" ] || mosquitto_passwd -U /run/mosquitto/users`;

const passwordsOf = (users: readonly MqttUser[]): SecretText =>
  new SecretText(users.flatMap((user) => [`${user.name}:`, user.credential.key('password'), '\n']));

const topicsOf = ({ name, topics: { publish = [], subscribe = [] } }: MqttUser): string =>
  `user ${name}\n${publish.map((to) => `topic write ${to}\n`).join('')}${subscribe.map((of) => `topic read ${of}\n`).join('')}`;

const configuration = ({ connections, inFlight, queued, messageSize }: z.output<typeof options>): string =>
  `allow_anonymous false
password_file /run/mosquitto/users
acl_file /run/mosquitto/topics
persistence true
persistence_location /mosquitto/data/
autosave_interval 300
max_inflight_messages ${inFlight}
max_queued_messages ${queued}
max_packet_size ${messageSize}
log_timestamp_format %Y-%m-%dT%H:%M:%S%z
listener 1883
max_connections ${connections}
listener 9001
protocol websockets
max_connections ${connections}
`;
