import { manifests } from '../../../lib/core/manifest-writer';
import type { Platform } from '../../../lib/core/platform';
import { HttpRoute } from '../../../lib/core/route';
import { container, envOf, find, objectsOf } from '../../support/objects';
import { lab } from '../../support/lab';

/** Programs that are told the address at which people find them. */
const base = ['traefik: {}', 'mng-pg: {}', 'mng-valkey: {}', 'minio: {}', 'mlflow: { access: sso }'];
const others = ['keycloak', 'oauth2-proxy', 'homepage', 'rustdesk', 'openbao'];
/** A platform in which one service goes by other names. */
const platform = (hosts: Record<string, string>) =>
  lab(
    ...base.map((line) => (line === 'minio: {}' ? `minio: { ${hosts.minio ?? ''} }` : line)),
    ...others.map(
      (name) => `${name}: { ${[...(hosts[name] ? [hosts[name]] : []), ...(name === 'openbao' ? ['pki: {}'] : [])].join(', ')} }`,
    ),
  );
const text = (of: Platform) => [...manifests(of).values()].join('\n');
/** How often a host name stands in the manifests, not as a part of a longer one. */
const times = (of: Platform, host: string) =>
  text(of).match(new RegExp(`(?<![a-z0-9.-])${host.replaceAll('.', '\\.')}(?![a-z0-9-]|\\.[a-z0-9])`, 'g'))?.length ?? 0;
const usual = platform({});
const urlsOf = (of: Platform) =>
  of.graph.routes.flatMap((route) => (route instanceof HttpRoute ? [route.url + (route.tile?.path ?? '')] : []));

test.each<[service: string, hosts: string, old: string, now: string]>([
  ['keycloak', 'hosts: [login]', 'keycloak.lab.home.arpa', 'login.lab.home.arpa'],
  ['oauth2-proxy', 'hosts: [door]', 'auth.lab.home.arpa', 'door.lab.home.arpa'],
  ['minio', 'hosts: { minio: [objects] }', 'minio.lab.home.arpa', 'objects.lab.home.arpa'],
  ['rustdesk', 'hosts: [desk]', 'rustdesk.lab.home.arpa', 'desk.lab.home.arpa'],
  ['openbao', 'hosts: [safe]', 'openbao.lab.home.arpa', 'safe.lab.home.arpa'],
  ['homepage', 'hosts: { www: [start] }', 'www.lab.home.arpa', 'start.lab.home.arpa'],
])('%s with %s: the name stands wherever the old one stood, which is nowhere any more', (service, hosts, old, now) => {
  const other = platform({ [service]: hosts });
  expect(times(usual, old)).toBeGreaterThan(0);
  expect(times(other, now)).toBe(times(usual, old));
  expect(times(other, old)).toBe(0);
});

test('Keycloak is told the first of its names, and tokens, redirects and tiles have it', () => {
  const other = platform({ keycloak: 'hosts: [login, keycloak]', 'oauth2-proxy': 'hosts: [door]' });
  const objects = objectsOf(other);
  const url = 'https://login.lab.home.arpa';
  const keycloak = find(objects, 'Deployment', 'keycloak').spec.template;
  expect(envOf(container(keycloak, 'keycloak')).KC_HOSTNAME).toBe(url);
  const { args } = container(find(objects, 'Deployment', 'oauth2-proxy').spec.template, 'oauth2-proxy');
  expect(args).toContain(`--oidc-issuer-url=${url}/realms/lab`);
  expect(args).toContain(`--login-url=${url}/realms/lab/protocol/openid-connect/auth`);
  expect(args).toContain('--redirect-url=https://door.lab.home.arpa/oauth2/callback');
  expect(args).toContain('--cookie-domain=.lab.home.arpa');
  expect(find(objects, 'ConfigMap', 'keycloak-realm').data['realm.json']).toContain(
    '"https://door.lab.home.arpa/oauth2/callback"',
  );
  const tiles = find(objects, 'ConfigMap', 'homepage').data['services.yaml'];
  expect(tiles).toContain(`href: ${url}/`);
  expect(tiles).toContain('href: https://door.lab.home.arpa/oauth2/sign_out');
});

test('MinIO’s console redirects to its own name, and its API keeps another', () => {
  const other = platform({ minio: 'hosts: { minio: [objects], minio-api: [s3] }' });
  const server = find(objectsOf(other), 'StatefulSet', 'minio').spec.template;
  expect(envOf(container(server, 'minio')).MINIO_BROWSER_REDIRECT_URL).toBe('https://objects.lab.home.arpa');
  expect(urlsOf(other)).toContain('https://s3.lab.home.arpa/');
});

test('RustDesk’s clients are sent to the relay by that name', () => {
  const server = find(objectsOf(platform({ rustdesk: 'hosts: [desk]' })), 'StatefulSet', 'hbbs').spec.template;
  expect(container(server, 'rustdesk').command).toContain('desk.lab.home.arpa:21117');
});

test('the start page answers to its names, and signing out leads there', () => {
  const other = platform({ homepage: 'hosts: { "@": [start], www: [home] }' });
  const page = find(objectsOf(other), 'Deployment', 'homepage').spec.template;
  expect(envOf(container(page, 'homepage')).HOMEPAGE_ALLOWED_HOSTS).toBe('start.lab.home.arpa,home.lab.home.arpa');
  const out = (of: Platform) => urlsOf(of).filter((url) => url.includes('sign_out'));
  expect(out(other)).toEqual(['https://auth.lab.home.arpa/oauth2/sign_out?rd=https%3A%2F%2Fstart.lab.home.arpa%2F']);
  expect(out(usual)).toEqual(['https://auth.lab.home.arpa/oauth2/sign_out?rd=https%3A%2F%2Flab.home.arpa%2F']);
});
