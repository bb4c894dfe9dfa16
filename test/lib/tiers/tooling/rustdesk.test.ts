import { container, containersOf, envOf, find, objectsOf } from '../../../support/objects';
import { geoai, manifestFile, problems } from '../../../support/platforms';

const objects = (options: object = {}) => objectsOf(geoai({}, { rustdesk: options }));
const hbbs = (options: object = {}) => find(objects(options), 'StatefulSet', 'hbbs').spec.template;
const published = (name: string) =>
  find(objects(), 'Service', `${name}-public`).spec.ports.map(({ port, protocol }) => `${port}/${protocol}`);

test('the whole file', () => expect(manifestFile(geoai(), 'rustdesk')).toMatchSnapshot());

test('the ports of the two servers, TCP and UDP', () => {
  expect(published('hbbs')).toEqual(['21115/TCP', '21116/TCP', '21116/UDP', '21118/TCP']);
  expect(published('hbbr')).toEqual(['21117/TCP', '21119/TCP']);
});

test('clients must use the relay, unless the file says otherwise', () => {
  expect(envOf(container(hbbs(), 'rustdesk'))['ALWAYS_USE_RELAY']).toBe('Y');
  expect(envOf(container(hbbs({ alwaysUseRelay: false }), 'rustdesk'))['ALWAYS_USE_RELAY']).toBe('N');
  expect(container(hbbs(), 'rustdesk').command).toEqual(['/usr/bin/hbbs', '-r', 'rustdesk.geoai.home.arpa:21117', '-k', '_']);
});

test('both share one key pair, remembered by the volume', () => {
  const keys = { secretName: 'rustdesk', items: [{ key: 'id_ed25519', path: 'id_ed25519' }], defaultMode: 0o440 };
  const relay = find(objects(), 'Deployment', 'hbbr').spec.template;
  expect(relay.spec.volumes).toContainEqual({ name: 'rustdesk', secret: keys });
  expect(hbbs().spec.volumes).toContainEqual({ name: 'rustdesk', secret: keys });
  const credential = geoai().graph.credentials.find(({ name }) => name === 'rustdesk');
  expect(credential?.storedIn?.name).toBe('data');
  expect(credential?.keys['id_ed25519.pub']).toEqual({ kind: 'ed25519-public-key', of: 'id_ed25519' });
});

test('hbbs starts after hbbr', () => {
  expect(containersOf(hbbs()).map(({ name }) => name)).toEqual(['wait-for-hbbr', 'rustdesk']);
  expect(container(hbbs(), 'wait-for-hbbr').command.at(-1)).toContain('nc -w 3 hbbr.geoai-tooling.svc 21117 -e true');
});

test('web clients come through the gateway, to the relay by path', () => {
  const rule = (name: string) => find(objects(), 'IngressRoute', name).spec.routes[0];
  expect(rule('rustdesk')).toMatchObject({ match: 'Host(`rustdesk.geoai.home.arpa`)', services: [{ name: 'hbbs' }] });
  expect(rule('rustdesk-relay')).toMatchObject({
    match: '(Host(`rustdesk.geoai.home.arpa`)) && PathPrefix(`/ws/relay`)',
    services: [{ name: 'hbbr' }],
  });
});

test('under another name its servers and its host have that name', () => {
  const of = objectsOf(geoai({}, { rustdesk: undefined, desk: { component: 'rustdesk' } }));
  const { template } = find(of, 'StatefulSet', 'desk-hbbs').spec;
  expect(container(template, 'desk').command).toContain('desk.geoai.home.arpa:21117');
  expect(find(of, 'Deployment', 'desk-hbbr').spec.template.spec.volumes[0]).toMatchObject({ name: 'desk' });
  expect(find(of, 'IngressRoute', 'desk-relay').spec.routes[0]?.services).toEqual([{ name: 'desk-hbbr', port: 'websocket' }]);
});

test('a platform has one: two would have the same public ports', () => {
  expect(problems(() => geoai({}, { desk: { component: 'rustdesk' } }))).toContain('clients expect it at fixed ports');
});
