import type { Platform } from '../../../../lib/core/platform';
import { lab, refused } from '../../../support/lab';
import { consumer, withBroker } from '../../../support/mqtt';
import { all, container, envOf, find, objectsOf } from '../../../support/objects';
import { manifestFile, problems } from '../../../support/platforms';

const broker = (options = '{}') => lab('traefik: {}', `mosquitto: ${options}`);
const file = (platform: Platform, name: string) => find(objectsOf(platform), 'ConfigMap', 'mosquitto').data[name] ?? '';
const server = (platform: Platform) => find(objectsOf(platform), 'StatefulSet', 'mosquitto').spec;

test('the whole file', () =>
  expect(manifestFile(broker('{ users: { sensors: { publish: ["lab/+/state"] }, alice: } }'), 'mosquitto')).toMatchSnapshot());

test('nobody comes in without a name, on either port; the limits are those of the options', () => {
  const lines = file(broker(), 'mosquitto.conf').split('\n');
  expect(lines).toEqual(expect.arrayContaining(['allow_anonymous false', 'password_file /run/mosquitto/users']));
  expect(lines.filter((line) => line.startsWith('listener'))).toEqual(['listener 1883', 'listener 9001']);
  expect(lines.filter((line) => line.startsWith('max_'))).toEqual([
    'max_inflight_messages 20',
    'max_queued_messages 100',
    'max_packet_size 1048576',
    'max_connections 1000',
    'max_connections 1000',
  ]);
  const other = file(broker('{ connections: 7, inFlight: 8, queued: 9, messageSize: 10 }'), 'mosquitto.conf');
  expect(other.split('\n').filter((line) => line.startsWith('max_'))).toEqual([
    'max_inflight_messages 8',
    'max_queued_messages 9',
    'max_packet_size 10',
    'max_connections 7',
    'max_connections 7',
  ]);
});

test('each user has its own topics, and one of whom nothing is said all below its name', () => {
  const users = '{ users: { sensors: { publish: ["lab/+/state"] }, alice: , board: { publish: [], subscribe: ["#"] } } }';
  expect(file(broker(users), 'topics')).toBe(
    [
      'user sensors\ntopic write lab/+/state\n',
      'user alice\ntopic write alice/#\ntopic read alice/#\n',
      'user board\ntopic read #\n',
    ].join(''),
  );
});

test('passwords come from their Secrets, and only what the broker itself reads holds their hashes', () => {
  const { template } = server(broker('{ users: { sensors: , alice: } }'));
  const { command, env } = container(template, 'users');
  expect(command.at(-1)).toContain('mosquitto_passwd -U /run/mosquitto/users');
  expect(envOf(container(template, 'users'))).toMatchObject({
    MOSQUITTO_SENSORS_PASSWORD: 'mosquitto-sensors/password',
    MOSQUITTO_ALICE_PASSWORD: 'mosquitto-alice/password',
  });
  expect(env.find(({ name }) => name === 'USERS')?.value).toBe(
    'sensors:$(MOSQUITTO_SENSORS_PASSWORD)\nalice:$(MOSQUITTO_ALICE_PASSWORD)\n',
  );
  expect(Object.keys(envOf(container(template, 'mosquitto')))).toEqual(['TZ']);
});

test('the broker waits for nobody, least of all for itself', () => {
  const { initContainers } = server(broker('{ users: { sensors: } }')).template.spec;
  expect(initContainers?.map(({ name }) => name)).toEqual(['check-data-version', 'users']);
});

test('a consumer gets a user, the way there, and waits until the broker lets it in', () => {
  const topics = { publish: ['shop/orders'], subscribe: ['stock/#'] };
  const made = withBroker({ shop: consumer('shop', topics) });
  const objects = objectsOf(made);
  const { template } = find(objects, 'Deployment', 'shop').spec;
  expect(envOf(container(template, 'shop'))).toMatchObject({
    MQTT_URL: 'mqtt://shop:$(MOSQUITTO_SHOP_PASSWORD)@mosquitto.test-messaging.svc:1883',
    MOSQUITTO_SHOP_PASSWORD: 'mosquitto-shop/password',
    MQTT_USER: 'mosquitto-shop/username',
  });
  const wait = container(template, 'wait-for-mosquitto');
  expect(wait.env.find(({ name }) => name === 'OPTIONS')?.value).toBe(
    '-h mosquitto.test-messaging.svc\n-p 1883\n-u shop\n-P $(MOSQUITTO_SHOP_PASSWORD)',
  );
  expect(wait.command.join(' ')).not.toContain('PASSWORD');
  expect(file(made, 'topics')).toBe('user shop\ntopic write shop/orders\ntopic read stock/#\n');
  const ingress = find(objects, 'NetworkPolicy', 'mosquitto').spec.ingress.flatMap(({ ports }) => ports ?? []);
  expect(ingress.map(({ port }) => port)).toContain(1883);
});

test('who asks for the same user agrees with the others and with the platform file, or is refused', () => {
  const orders = { publish: ['orders'] };
  const agreed = withBroker({ one: consumer('shop', orders), two: consumer('shop', orders) }, { users: { shop: {} } });
  expect(file(agreed, 'topics')).toBe('user shop\ntopic write orders\n');
  const others = { one: consumer('shop', orders), two: consumer('shop', { publish: ['#'] }) };
  expect(problems(() => withBroker(others))).toContain(
    'user shop: publish is ["orders"] for one and ["#"] for two; write the same for both, or give each a user of its own',
  );
  expect(problems(() => withBroker({ one: consumer('shop', orders) }, { users: { shop: { publish: ['#'] } } }))).toContain(
    'services.mosquitto.users.shop.publish: one wants ["orders"]; write that, or leave it out',
  );
});

test('pods outside the platform get a user of their name, whose topics the platform file may say', () => {
  const clients = 'clients: { shop: { namespace: web, pods: { app: shop } } }';
  const platform = broker(`{ ${clients} }`);
  expect(file(platform, 'topics')).toBe('user shop\ntopic write shop/#\ntopic read shop/#\n');
  const lent = platform.graph.credentials.flatMap(({ secrets }) => secrets.filter(({ namespace }) => namespace === 'web'));
  expect(lent).toEqual([{ namespace: 'web', name: 'mosquitto-shop', keys: ['username', 'password'], foreign: true }]);
  expect(file(broker(`{ ${clients}, users: { shop: { subscribe: ["#"] } } }`), 'topics')).toBe('user shop\ntopic read #\n');
});

test('from outside with TLS on port 8883 and as a WebSocket, both under one name, or not at all', () => {
  const objects = objectsOf(broker());
  const tcp = all(objects, 'IngressRouteTCP').find(({ metadata }) => metadata.name === 'mqtt');
  expect(tcp?.spec.entryPoints).toEqual(['mqtts']);
  expect(tcp?.spec.routes).toEqual([{ match: 'HostSNI(`mqtt.lab.home.arpa`)', services: [{ name: 'mosquitto', port: 'mqtt' }] }]);
  const http = all(objects, 'IngressRoute').find(({ metadata }) => metadata.name === 'mqtt-websocket');
  expect(http?.spec.routes[0]).toMatchObject({
    match: 'Host(`mqtt.lab.home.arpa`)',
    services: [{ name: 'mosquitto', port: 'websocket' }],
  });
  const inside = objectsOf(broker('{ reachable: false }'));
  expect(all(inside, 'IngressRouteTCP')).toEqual([]);
  expect(all(inside, 'IngressRoute').filter(({ metadata }) => metadata.name.includes('mqtt'))).toEqual([]);
});

test.each([
  ['sensors/#/state', false],
  ['sensors#', false],
  ['sen+ors', false],
  ['a/b+/c', false],
  ['', false],
  [' a', false],
  ['a\\nuser root', false],
  ['#', true],
  ['+', true],
  ['a/+/b/#', true],
  ['/a//b', true],
  ['living room/lamp', true],
  ['$SYS/#', true],
])('the topic filter "%s": %s', (filter, fits) => {
  const wrong = refused('traefik: {}', `mosquitto: { users: { sensors: { publish: ["${filter}"] } } }`);
  expect(wrong).toEqual(
    fits
      ? []
      : [
          'lab.yaml:6  services.mosquitto.users.sensors.publish.0: must be a topic filter, # only as its last level and + only as a whole one; write for example lab/+/set',
        ],
  );
});

test('a user’s name that could not stand in its files is refused', () => {
  expect(refused('traefik: {}', 'mosquitto: { users: { "a:b": {} } }')).toEqual([
    'lab.yaml:6  services.mosquitto.users.a:b: must be lower-case letters, digits and dashes; write for example sensors',
  ]);
});

test('two brokers have users and names of their own', () => {
  const platform = lab('traefik: {}', 'mosquitto: {}', 'plant: { component: mosquitto, users: { plc: } }');
  const objects = objectsOf(platform);
  expect(all(objects, 'IngressRouteTCP').map(({ metadata }) => metadata.name)).toEqual(['mqtt', 'plant-mqtt']);
  expect(platform.graph.credentials.map(({ name }) => name)).toContain('plant-plc');
  expect(file(platform, 'topics')).toBe('');
});

test('its files are copied while it is stopped, or not at all', () => {
  const claim = (options?: string) => server(broker(options)).volumeClaimTemplates[0]?.metadata;
  expect(claim()?.annotations).toMatchObject({ 'hearth/backup-method': 'archive' });
  expect(claim()?.labels).toMatchObject({ 'hearth/backup-priority': 'high' });
  expect(claim('{ backup: none }')?.annotations).not.toHaveProperty('hearth/backup-method');
});
