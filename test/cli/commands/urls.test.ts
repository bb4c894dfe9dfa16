import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addressTable, type Address } from '../../../cli/commands/urls';
import { parsePlatform } from '../../../lib/config/load';
import { buildPlatform } from '../../../lib/build-platform';
import { commandLine } from '../command-line';
import { description, hearthFolder, platform } from '../world';

const json = async (extra = ''): Promise<Address[]> =>
  JSON.parse((await commandLine(['urls', 'home', '-o', 'json'], { root: hearthFolder(extra) })).out);

test('lists every address with the title of its tile, who may open it, and where the password is', async () => {
  const { code, out, err } = await commandLine(['urls', 'home']);
  expect([code, err]).toEqual([0, '']);
  const row = (title: string, address: string, access: string) =>
    expect(out).toMatch(new RegExp(`^${title} +${address.replaceAll('.', '\\.')} +${access}$`, 'm'));
  row('MLflow', 'https://mlflow.home.arpa/', 'gateway password');
  row('S3 API', 'https://minio-api.home.arpa/', 'public');
  row('PostgreSQL', 'postgres://postgres.home.arpa:5432', 'the program’s own');
  expect(out).toContain('Gateway password: npx hearth credentials home --show');
  expect(out).not.toContain('kind');
});

test('ports of a program are one line, and paths of another address none', async () => {
  const { out } = await commandLine(['urls', 'home']);
  expect(out).toContain('rustdesk.home.arpa, ports TCP 21115-21119, UDP 21116');
  expect(out).not.toMatch(/hbbs|hbbr|ws\/relay/);
});

test('a route without a tile shows by the title of its component', () => {
  const text = description.replace('  rustdesk:\n', '  homepage:\n');
  const lines = addressTable(buildPlatform(parsePlatform(text, 'home.yaml')));
  expect(lines.find((line) => line.includes('https://home.arpa/'))).toMatch(/^Homepage /);
});

test('JSON has everything: details, hosts, ports, and what the program asks for', async () => {
  const addresses = await json();
  expect(addresses.find(({ url }) => url === 'https://rustdesk.home.arpa/ws/relay')).toMatchObject({
    detail: true,
    component: 'rustdesk',
  });
  expect(addresses.find(({ title }) => title === 'PostgreSQL')).toMatchObject({
    hosts: ['postgres.home.arpa'],
    port: 5432,
    protocol: 'TCP',
    access: 'program',
    through: 'gateway',
    signIn: expect.stringContaining('SCRAM'),
  });
  expect(
    addresses
      .filter(({ through }) => through === 'port')
      .map(({ port, protocol }) => `${port}/${protocol}`)
      .sort(),
  ).toEqual(['21115/TCP', '21116/TCP', '21116/UDP', '21117/TCP', '21118/TCP', '21119/TCP']);
  expect(addresses.map(({ component }) => component)[0]).toBe('traefik');
});

test('on kind, says where the ports are open', async () => {
  const root = hearthFolder();
  const text = description.replace('cluster: k3s', 'cluster: kind');
  const { out } = await commandLine(['urls', 'home'], { root: withFile(root, text) });
  expect(out).toContain('open on this machine (127.0.0.1) alone');
});

test('external secrets: the password is in the store; nothing guarded, no word of it', async () => {
  expect((await commandLine(['urls', 'home'], { root: hearthFolder('secrets: external\n') })).out).toContain(
    'in the secret store, entry home/gateway-basic-auth',
  );
  const open = description
    .replace('  traefik:', '  traefik: { access: public }')
    .replace('  mlflow:', '  mlflow: { access: public }');
  expect((await commandLine(['urls', 'home'], { root: withFile(hearthFolder(), open) })).out).not.toContain('password');
});

test('the Traefik of k3s has no ports of its own to list', () => {
  expect(addressTable(platform('gateway: k3s-bundled\n')).join('\n')).not.toMatch(/Traefik.*ports/);
});

test('a wrong name is a refusal that suggests the right one', async () => {
  const { code, err } = await commandLine(['urls', 'hame']);
  expect(code).toBe(1);
  expect(err).toContain('did you mean "home"?');
});

function withFile(root: string, text: string): string {
  writeFileSync(join(root, 'platforms/home.yaml'), text);
  return root;
}
