import { footprintOf, type PlatformFootprint } from '../../../cli/commands/footprint';
import { MemoryCluster } from '../memory-cluster';
import { commandLine } from '../command-line';
import { platform } from '../world';

const node = (name: string, allocatable: Record<string, string>, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  ...{ spec, status: { allocatable } },
});

test('sums up by component, tier and platform, with jobs apart', async () => {
  const { code, out, err } = await commandLine(['footprint', 'home']);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^ +PODS +CPU +MEMORY +CPU LIMIT +MEMORY LIMIT +STORAGE$/m);
  expect(out).toMatch(/^data +2 +200m +1 Gi +4 +3 Gi +70 Gi$/m);
  expect(out).toMatch(/^ {2}postgis +1 +100m +512 Mi +2 +1 Gi +20 Gi$/m);
  expect(out).toMatch(/^total +6 +390m +/m);
  expect(out).toMatch(/^while jobs run, in addition +2 +20m +64 Mi +1 +384 Mi$/m);
});

test('JSON has numbers, whose parts make up the whole', async () => {
  const { out } = await commandLine(['footprint', 'home', '-o', 'json']);
  const { tiers, total, jobs } = JSON.parse(out) as PlatformFootprint;
  const sum = (parts: readonly { readonly storage: number; readonly pods: number }[], key: 'storage' | 'pods') =>
    parts.reduce((all, part) => all + part[key], 0);
  for (const key of ['storage', 'pods'] as const) {
    expect(sum(tiers, key)).toBe(total[key]);
    expect(
      sum(
        tiers.flatMap(({ components }) => components),
        key,
      ),
    ).toBe(total[key]);
  }
  expect(total.storage).toBe(71 * 2 ** 30);
  expect(total.requests.cpu).toBeCloseTo(0.39);
  expect(jobs.components.map(({ name }) => name)).toEqual(['postgis', 'minio']);
});

test('a gateway that k3s brings runs no pods of the platform', () => {
  const { tiers } = footprintOf(platform('gateway: k3s-bundled\n'));
  expect(tiers.find(({ name }) => name === 'gateway')).toMatchObject({ pods: 0, components: [{ name: 'traefik' }] });
});

describe('--nodes', () => {
  const compare = (memory: MemoryCluster, ...more: string[]) =>
    commandLine(['footprint', 'home', '--nodes', ...more], { memory });

  test('says what the nodes have, and ends well where it suffices', async () => {
    const memory = new MemoryCluster();
    memory.put(node('one', { cpu: '4', memory: '8Gi', 'ephemeral-storage': String(100 * 2 ** 30) }));
    const { code, out } = await compare(memory);
    expect(code).toBe(0);
    expect(out).toContain(memory.title);
    expect(out).toMatch(/^ok +it asks for .*; the node has 4 CPU and 8 Gi for it$/m);
    expect(out).toMatch(/^ok +volumes may grow to 71 Gi; the disks of the nodes have 100 Gi$/m);
  });

  test('ends with exit code 3 where it does not; JSON alone on standard output', async () => {
    const memory = new MemoryCluster();
    memory.put(node('one', { cpu: '4', memory: '1Gi' }));
    const { code, out, err } = await compare(memory, '-o', 'json');
    expect(code).toBe(3);
    expect(err).toBe(memory.title);
    expect(JSON.parse(out).nodes[0]).toMatchObject({ level: 'problem', mend: expect.stringContaining('add a node') });
  });
});
