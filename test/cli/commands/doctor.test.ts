import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as YAML from 'yaml';
import type { KubernetesObject } from '../../../cli/cluster/cluster';
import { neededBy, roomsOf } from '../../../cli/doctor/capacity';
import { nodeFinding } from '../../../cli/doctor/machine';
import type { Finding } from '../../../cli/doctor/finding';
import { isAtLeast } from '../../../cli/doctor/versions';
import { exitCodes, Refusal } from '../../../cli/refusal';
import type { World } from '../../../cli/world';
import { commandLine } from '../command-line';
import { MemoryCluster } from '../memory-cluster';
import { description, hearthFolder, platform } from '../world';

const object = (apiVersion: string, kind: string, name: string, rest: object = {}, namespace?: string) =>
  ({ apiVersion, kind, metadata: { name, namespace }, ...rest }) as KubernetesObject;
const storageClass = (name: string, provisioner: string, isDefault = true) => ({
  ...object('storage.k8s.io/v1', 'StorageClass', name, { provisioner }),
  metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) } },
});
const node = (name: string, allocatable: Record<string, string>, spec: object = {}) =>
  object('v1', 'Node', name, { spec, status: { allocatable } });
const definition = (name: string) => object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', name);
const bundled = object('apps/v1', 'Deployment', 'traefik', { spec: { replicas: 1 } }, 'kube-system');
const large = { cpu: '8', memory: '32Gi', 'ephemeral-storage': '500Gi' };

/** A cluster on which everything is well for a platform on k3s. */
function healthy(): MemoryCluster {
  const memory = new MemoryCluster();
  memory.put(storageClass('local-path', 'rancher.io/local-path'));
  memory.put(node('one', large));
  return memory;
}

const programs =
  (known: Record<string, string>): World['program'] =>
  async (command) => {
    const stdout = known[command];
    return stdout === undefined ? undefined : { code: 0, stdout, stderr: '' };
  };
const kubectl = (version: string) => ({ kubectl: JSON.stringify({ clientVersion: { gitVersion: version } }) });

interface Examined {
  readonly code: number;
  readonly problems: string[];
  readonly warnings: string[];
  readonly findings: Finding[];
}

/** Examines a platform, and sees that nothing was changed. */
async function examine(memory = healthy(), given: Partial<World> & { readonly file?: string } = {}): Promise<Examined> {
  const { file = description, ...world } = given;
  const root = hearthFolder();
  writeFileSync(join(root, 'platforms/home.yaml'), file);
  const { code, out, err } = await commandLine(['doctor', 'home', '-o', 'json'], {
    root,
    memory,
    program: programs(kubectl('v1.34.0')),
    resolve: async () => ['10.0.0.7'],
    ...world,
  });
  expect(err).toBe('');
  expect(memory.written).toEqual([]);
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  const of = (level: Finding['level']) => findings.filter((finding) => finding.level === level);
  for (const { what, mend } of of('problem')) expect([what, mend]).toEqual([what, expect.anything()]);
  return { code, findings, problems: of('problem').map(({ what }) => what), warnings: of('warning').map(({ what }) => what) };
}

test('where nothing is wrong, every check says so and the exit code is 0', async () => {
  const { code, findings, problems, warnings } = await examine();
  expect([code, problems, warnings]).toEqual([0, [], []]);
  expect(findings.map(({ what }) => what)).toEqual([
    expect.stringMatching(/^Node\.js/),
    'kubectl v1.34.0',
    'kubeconfig with memory',
    'platforms/home.yaml is valid',
    'home.arpa is 10.0.0.7',
    'certificates are self-signed: clients warn until they trust them',
    'API server v1.34.3, context memory, https://127.0.0.1:1',
    'you may create what a platform needs',
    'StorageClass home-retain, by the cluster’s rancher.io/local-path',
    'hearth up brings the custom resource definitions of traefik.io',
    expect.stringMatching(/^it asks for/),
    expect.stringMatching(/^volumes may grow to/),
  ]);
});

test('for people: a line for each finding, the mend below it, and a sum; without a platform machine and cluster alone', async () => {
  const { code, out } = await commandLine(['doctor']);
  expect(code).toBe(0);
  expect(out).toMatch(/^warning +kubectl is not installed.*\n +→ install it: https/m);
  expect(out).toContain('0 problems, 1 warning.');
  expect(out).not.toContain('StorageClass');
  const { out: well } = await commandLine(['doctor'], { program: programs(kubectl('v1.34.0')) });
  expect(well).toContain('Nothing is wrong.');
});

test('Node.js must be as new as package.json asks', () => {
  expect(nodeFinding('20.19.0', '>=20.19').level).toBe('ok');
  expect(nodeFinding('18.20.4', '>=20.19')).toMatchObject({ level: 'problem', mend: expect.stringContaining('20.19') });
  expect([isAtLeast('v1.28.0+k3s1', '1.28'), isAtLeast('v1.9.9', '1.28'), isAtLeast('2.0', '1.28')]).toEqual([true, false, true]);
});

test.each([
  ['v1.33.1', 0],
  ['v1.35.0', 0],
  ['v1.32.9', 1],
  ['v1.36.0', 1],
])('kubectl %s with API server v1.34.3: %i warnings', async (version, count) => {
  expect((await examine(healthy(), { program: programs(kubectl(version)) })).warnings).toHaveLength(count);
});

test('an invalid platform file is shown line by line, and the machine and the cluster are still examined', async () => {
  const root = hearthFolder('tls: { mode: letsencrypt }\ncluser: k3s\n');
  const { code, out } = await commandLine(['doctor', 'home'], { root });
  expect(code).toBe(3);
  expect(out).toMatch(/PROBLEM +.*home\.yaml:\d+ {2}tls/);
  expect(out).toMatch(/PROBLEM +.*home\.yaml:\d+ {2}cluser/);
  expect(out).toContain('API server v1.34.3');
});

test('a platform that does not exist is a refusal', async () => {
  expect(await commandLine(['doctor', 'hom'])).toMatchObject({ code: 1, err: expect.stringContaining('"home"') });
});

describe('cluster', () => {
  const down = new Refusal('no answer about the version', exitCodes.unreachable);

  test('that does not answer is one problem, and its checks are left out', async () => {
    const memory = healthy();
    memory.version = async () => Promise.reject(down);
    const { code, problems, findings } = await examine(memory);
    expect([code, problems]).toEqual([3, [down.message]]);
    expect(findings.map(({ what }) => what).join()).not.toContain('StorageClass');
  });

  test('a kubeconfig that is absent or cannot be read is one problem', async () => {
    expect((await examine(healthy(), { contexts: async () => ['loaded-context'] })).problems).toEqual(['there is no kubeconfig']);
    const unreadable = () => Promise.reject(new Refusal('the kubeconfig cannot be read (EACCES); look at $KUBECONFIG'));
    const { out, code } = await commandLine(['doctor'], { contexts: unreadable });
    expect(code).toBe(3);
    expect(out).toContain('PROBLEM  the kubeconfig cannot be read (EACCES)');
  });

  test('that is too old is a problem', async () => {
    const memory = healthy();
    memory.version = async () => 'v1.27.16+k3s1';
    expect((await examine(memory)).problems).toEqual([expect.stringContaining('v1.27.16+k3s1 is too old')]);
  });

  test('missing rights are named', async () => {
    const memory = healthy();
    memory.allows = ({ resource, verb }) => resource !== 'secrets' && !(resource === 'namespaces' && verb === 'patch');
    expect((await examine(memory)).problems).toEqual(['you may not create namespaces, secrets in all namespaces']);
  });

  test('what nobody may see is a warning, and the rest is examined', async () => {
    const memory = healthy();
    const list = memory.list.bind(memory);
    memory.list = async (kind, options) =>
      kind.kind === 'Node' ? Promise.reject(new Refusal('the cluster forbids to read Node')) : list(kind, options);
    const { code, warnings, findings } = await examine(memory);
    expect(code).toBe(0);
    expect(warnings).toContain('could not be checked: the cluster forbids to read Node');
    expect(findings.map(({ what }) => what).join()).toContain('StorageClass');
  });
});

describe('names', () => {
  const mend = async (memory: MemoryCluster, given: Partial<World> & { readonly file?: string } = {}) => {
    const { code, findings } = await examine(memory, { resolve: async () => [], ...given });
    expect(code).toBe(0);
    return findings.find(({ what }) => what.startsWith('this machine finds'))?.mend;
  };
  const gateway = (ip: string) =>
    object('v1', 'Service', 'traefik-public', { status: { loadBalancer: { ingress: [{ ip }] } } }, 'home-gateway');
  const addresses = (...entries: [type: string, address: string][]) => ({
    addresses: entries.map(([type, address]) => ({ type, address })),
  });

  test('below the domain count as well', async () => {
    const { warnings } = await examine(healthy(), { resolve: async (host) => (host === 'home.arpa' ? ['10.0.0.7'] : []) });
    expect(warnings).toEqual([expect.stringMatching(/finds no address of [a-z-]+\.home\.arpa$/)]);
  });

  test('that nobody knows are a warning with the records to make', async () => {
    const memory = healthy();
    const status = { allocatable: large, ...addresses(['InternalIP', '10.0.0.7'], ['ExternalIP', '192.0.2.7']) };
    memory.put(object('v1', 'Node', 'one', { status }));
    expect(await mend(memory)).toBe('make the DNS records: home.arpa A 192.0.2.7, *.home.arpa A 192.0.2.7');
    memory.put(gateway('2001:db8::7'));
    expect(await mend(memory)).toBe('make the DNS records: home.arpa AAAA 2001:db8::7, *.home.arpa AAAA 2001:db8::7');
  });

  test('on kind lead to this machine; those below localhost need no record', async () => {
    const file = description.replace('cluster: k3s', 'cluster: kind');
    const given = { contexts: async () => ['kind-home'] };
    expect(await mend(healthy(), { ...given, file })).toContain('home.arpa A 127.0.0.1');
    expect(await mend(healthy(), { ...given, file: file.replace('home.arpa', 'home.localhost') })).toBeUndefined();
  });
});

describe('storage', () => {
  const problems = async (classes: KubernetesObject[], extra = '') => {
    const memory = new MemoryCluster();
    memory.put(node('one', large));
    classes.forEach((entry) => memory.put(entry));
    return (await examine(memory, { file: description + extra })).problems;
  };

  test('a named class must exist', async () => {
    expect(await problems([storageClass('fast', 'x')], 'storage: { class: longhorn }\n')).toEqual([
      'there is no StorageClass longhorn',
    ]);
    expect(await problems([storageClass('longhorn', 'x')], 'storage: { class: longhorn }\n')).toEqual([]);
  });

  test('so must a class that a volume has of its own, beside that of the others', async () => {
    const file = description.replace('  postgis:\n', '  postgis: { storage: { class: fast } }\n');
    expect(file).not.toBe(description);
    const memory = new MemoryCluster();
    memory.put(node('one', large));
    memory.put(storageClass('longhorn', 'x'));
    const told = `${file}storage: { class: longhorn }\n`;
    expect((await examine(memory, { file: told })).problems).toEqual(['there is no StorageClass fast']);
    memory.put(storageClass('fast', 'x', false));
    expect((await examine(memory, { file: told })).problems).toEqual([]);
  });

  test('retain needs the provisioner of k3s', async () => {
    expect(await problems([storageClass('fast', 'x')])).toEqual([
      expect.stringContaining('no StorageClass is by rancher.io/local-path'),
    ]);
  });

  test('otherwise there must be a default', async () => {
    const extra = 'storage: { retain: false }\n';
    expect(await problems([storageClass('fast', 'x', false)], extra)).toEqual(['the cluster has no default StorageClass']);
    expect(await problems([storageClass('fast', 'x')], extra)).toEqual([]);
  });

  test('volumes that may outgrow the disk are a warning, with local-path only', async () => {
    const memory = healthy();
    memory.put(node('one', { ...large, 'ephemeral-storage': '50Gi' }));
    expect((await examine(memory)).warnings).toEqual([
      expect.stringContaining('volumes may grow to 71 Gi, the disks of the nodes have 50 Gi'),
    ]);
    memory.put(storageClass('longhorn', 'driver.longhorn.io'));
    expect((await examine(memory, { file: `${description}storage: { class: longhorn }\n` })).warnings).toEqual([]);
  });
});

describe('gateway', () => {
  const onBundled = { file: `${description}gateway: k3s-bundled\n` };

  test('a second one on the ports of the platform is a warning, unless it is scaled to nothing', async () => {
    const memory = healthy();
    memory.put(bundled);
    const { code, warnings, findings } = await examine(memory);
    expect([code, warnings]).toEqual([0, [expect.stringContaining('kube-system/traefik runs')]]);
    expect(findings.find(({ level }) => level === 'warning')?.mend).toContain('gateway: k3s-bundled');
    memory.put({ ...bundled, ...{ spec: { replicas: 0 } } });
    expect((await examine(memory)).warnings).toEqual([]);
  });

  test('the one of k3s must be there where the platform relies on it', async () => {
    const { code, problems } = await examine(healthy(), onBundled);
    expect(code).toBe(3);
    expect(problems).toEqual([
      'gateway: k3s-bundled, but k3s runs no Traefik',
      expect.stringContaining('does not know the kinds of traefik.io'),
    ]);
    const memory = healthy();
    memory.put(bundled);
    memory.put(definition('ingressroutes.traefik.io'));
    expect(await examine(memory, onBundled)).toMatchObject({ problems: [], warnings: [] });
  });

  const definitions = YAML.parseAllDocuments(readFileSync(join(__dirname, '../../../crds/traefik.yaml'), 'utf8')).map(
    (document) => document.toJS() as KubernetesObject,
  );

  test('definitions as hearth brings them are well, with or without prose', async () => {
    const memory = healthy();
    definitions.forEach((entry) => memory.put(described(entry)));
    expect(await examine(memory)).toMatchObject({ problems: [], warnings: [] });
  });

  test('definitions of another version, or of a Helm release, are a warning', async () => {
    const [first] = definitions;
    if (!first) throw new Error('no definitions');
    const other = healthy();
    other.put({ ...first, ...{ spec: { versions: [{ name: 'v1' }] } } });
    expect((await examine(other)).warnings).toEqual([
      `custom resource definitions differ from those of hearth: ${first.metadata.name}`,
    ]);
    const helm = healthy();
    const annotations = { 'meta.helm.sh/release-name': 'traefik-crd', 'meta.helm.sh/release-namespace': 'kube-system' };
    helm.put({ ...first, metadata: { ...first.metadata, annotations } });
    expect((await examine(helm)).warnings).toEqual([expect.stringContaining('Helm release kube-system/traefik-crd')]);
  });
});

/** A definition with the prose that others leave in it. */
function described(entry: KubernetesObject): KubernetesObject {
  const text = JSON.stringify(entry).replaceAll('"type":"object"', '"type":"object","description":"what it is"');
  return JSON.parse(text) as KubernetesObject;
}

describe('operators', () => {
  test('External Secrets and its store must be there', async () => {
    const file = `${description}secrets: external\nsecretStore: { name: vault }\n`;
    expect((await examine(healthy(), { file })).problems).toEqual([expect.stringContaining('no External Secrets')]);
    const memory = healthy();
    memory.put(definition('externalsecrets.external-secrets.io'));
    expect((await examine(memory, { file })).problems).toEqual(['there is no ClusterSecretStore vault']);
    memory.put(object('external-secrets.io/v1', 'ClusterSecretStore', 'vault'));
    expect((await examine(memory, { file })).problems).toEqual([]);
    // Its own stores come with the platform.
    const own = healthy();
    own.put(definition('externalsecrets.external-secrets.io'));
    const withStore = `${description}  openbao:\nsecrets: external\n`;
    expect((await examine(own, { file: withStore })).problems).toEqual([]);
  });

  test('Argo CD that is not there yet is a warning', async () => {
    const file = `${description}argoCd: { repository: https://git.hearth-fixture.dev/hearth.git }\n`;
    expect((await examine(healthy(), { file })).warnings).toEqual([expect.stringContaining('no Argo CD')]);
    const memory = healthy();
    memory.put(definition('applications.argoproj.io'));
    expect((await examine(memory, { file })).warnings).toEqual([]);
  });
});

describe('capacity', () => {
  const pod = (name: string, namespace: string, cpu: string, rest: object = {}) =>
    object(
      'v1',
      'Pod',
      name,
      { spec: { nodeName: 'one', containers: [{ resources: { requests: { cpu } } }], ...rest } },
      namespace,
    );

  test('pods of others take room; those of the platform, ended ones and those elsewhere do not', async () => {
    const memory = new MemoryCluster();
    memory.put(node('one', { cpu: '4', memory: '8Gi' }));
    memory.put(pod('other', 'default', '1500m'));
    memory.put(pod('own', 'home-data', '1'));
    memory.put({ ...pod('ended', 'default', '1'), ...{ status: { phase: 'Succeeded' } } });
    memory.put(pod('elsewhere', 'default', '1', { nodeName: 'two' }));
    expect(await roomsOf(memory, platform())).toEqual([{ node: 'one', free: { cpu: 2.5, memory: 8 * 2 ** 30 }, disk: 0 }]);
  });

  test('a pod counts as the scheduler counts it', async () => {
    const memory = new MemoryCluster();
    memory.put(node('one', { cpu: '10', memory: '8Gi' }));
    const requests = (cpu: string, more: object = {}) => ({ resources: { requests: { cpu } }, ...more });
    memory.put(
      pod('other', 'default', '1', {
        initContainers: [requests('3'), requests('2'), requests('500m', { restartPolicy: 'Always' })],
        overhead: { cpu: '250m' },
      }),
    );
    expect((await roomsOf(memory, platform()))[0]?.free.cpu).toBe(10 - 3.75);
  });

  test('nodes that take no pods do not count', async () => {
    const memory = healthy();
    memory.put(node('one', large, { unschedulable: true }));
    memory.put(node('two', large, { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }));
    expect((await examine(memory)).problems).toEqual(['no node takes pods']);
    memory.put(node('three', large, { taints: [{ key: 'x', effect: 'PreferNoSchedule' }] }));
    expect((await examine(memory)).problems).toEqual([]);
  });

  test('too little is a problem, and so is a pod that fits nowhere although the sum does', async () => {
    const little = healthy();
    little.put(node('one', { ...large, memory: '1Gi' }));
    expect((await examine(little)).problems).toEqual([expect.stringMatching(/^it asks for .* the node has 8 CPU and 1 Gi/)]);
    const scattered = new MemoryCluster();
    scattered.put(storageClass('local-path', 'rancher.io/local-path'));
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) scattered.put(node(name, { ...large, memory: '600Mi' }));
    expect((await examine(scattered)).problems).toEqual([
      expect.stringMatching(/^a pod of mlflow \(mlflow\) asks for 100m CPU and 768 Mi/),
    ]);
  });

  test('the largest job runs beside everything else', () => {
    const { cpu, memory } = neededBy(platform());
    expect(cpu).toBeCloseTo(0.39 + 0.01);
    expect(memory).toBe((96 + 512 + 512 + 768 + 64 + 32) * 2 ** 20);
  });
});

describe('kind', () => {
  const file = description.replace('cluster: k3s', 'cluster: kind').replace('home.arpa', 'home.localhost');
  const engine = { ...kubectl('v1.34.0'), docker: '29', kind: 'kind v0.31.0 go1.25 linux/amd64\n' };

  test('before the cluster exists, kind and a container engine must be there; no other cluster is looked at', async () => {
    const cluster = () => Promise.reject(new Error('another cluster'));
    const { code, findings } = await examine(healthy(), { file, program: programs(engine), cluster });
    expect(code).toBe(0);
    expect(findings.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['kind v0.31.0 go1.25 linux/amd64', 'docker answers; hearth up makes the cluster kind-home']),
    );
    const { code: none, problems } = await examine(healthy(), { file, cluster });
    expect([none, problems]).toEqual([
      3,
      ['kind is not installed, which makes the cluster', 'there is no Docker and no Podman, in which kind runs'],
    ]);
  });

  test('an engine that does not answer is a problem', async () => {
    const program: World['program'] = async (command, args) =>
      command === 'docker' ? { code: 1, stdout: '', stderr: 'no daemon' } : programs(engine)(command, args);
    expect((await examine(healthy(), { file, program })).problems).toEqual([expect.stringContaining('docker does not answer')]);
  });

  test('once the cluster exists, kind is a convenience', async () => {
    const memory = healthy();
    memory.put(bundled);
    const { code, warnings } = await examine(memory, { file, contexts: async () => ['kind-home'] });
    expect([code, warnings]).toEqual([0, [expect.stringContaining('kind is not installed')]]);
  });

  test('no kubeconfig is no problem, since hearth up makes one', async () => {
    const { code } = await examine(healthy(), { file, contexts: async () => [], program: programs(engine) });
    expect(code).toBe(0);
  });
});
