import { edges } from '../../lib/derived/network-policies';
import { platformOf, platformNamed } from '../api/support/platforms';
import { expectDeclaredEdges } from '../cluster/support/edges';
import { platformText } from '../cluster/support/proof-platform';
import { ReachabilityCheck } from '../cluster/support/reachability';
import { proof as mlflow } from '../proofs/mlflow';
import { apiServer, PolicyNetwork, type Policy } from './policy-network';

const platform = platformOf(platformText([mlflow]), 'proofs.yaml');
const look = (damage?: (policies: readonly Policy[]) => readonly Policy[]) =>
  expectDeclaredEdges({ platform, apiServer }, new PolicyNetwork(platform, damage), 0);

/** Another one in the place of a policy. */
const change = (name: string, by: (spec: Policy['spec']) => Policy['spec'] | undefined) => (all: readonly Policy[]) => {
  expect(all.map(({ metadata }) => metadata.name)).toContain(name);
  return all.flatMap((policy) => {
    const spec = policy.metadata.name === name ? by(policy.spec) : policy.spec;
    return spec ? [{ ...policy, spec }] : [];
  });
};

test('the edges of a platform that keeps what it declares', async () => {
  const declared = await look();
  expect(declared).toContain('proofs-ai/probe-mlflow → postgis:postgres');
  expect(declared).toContain('proofs-gateway/probe-traefik → mlflow:http');
  // What the world reaches, by pods that nothing keeps in.
  expect(declared).toContain('proofs-data/probe-open → traefik:websecure');
  expect(declared.filter((line) => line.includes('stranger'))).toEqual([]);
});

test.each<[what: string, name: string, change: (spec: Policy['spec']) => Policy['spec'] | undefined, said: string[]]>([
  [
    'the policy of a server is missing',
    'postgis',
    () => undefined,
    ['declared, but not open: proofs-ai/probe-mlflow → postgis:postgres'],
  ],
  [
    'the policy of a client is missing',
    'mlflow',
    () => undefined,
    [
      'declared, but not open: proofs-ai/probe-mlflow → postgis:postgres',
      'declared, but not open: proofs-ai/probe-mlflow → minio:s3',
    ],
  ],
  [
    'a server lets everybody in',
    'postgis',
    (spec) => ({ ...spec, ingress: [{}] }),
    [
      'open, but not declared: proofs-ai/probe-open → postgis:postgres',
      'open, but not declared: proofs-data/probe-open → postgis:postgres',
    ],
  ],
  [
    'a server lets in all pods of its namespace',
    'minio',
    (spec) => ({ ...spec, ingress: [...(spec.ingress ?? []), { from: [{ podSelector: {} }] }] }),
    ['open, but not declared: proofs-data/probe-open → minio:s3'],
  ],
  [
    'a client is let out to everybody',
    'mlflow',
    (spec) => ({ ...spec, egress: [{}] }),
    [
      'open, but not declared: proofs-ai/probe-mlflow → open in proofs-data',
      'open, but not declared: proofs-ai/probe-mlflow → Kubernetes API',
    ],
  ],
  [
    'nothing is denied by default',
    'default-deny',
    () => undefined,
    [
      'open, but not declared: proofs-data/probe-stranger → open in proofs-data',
      'open, but not declared: proofs-data/probe-open → stranger in proofs-data',
    ],
  ],
])('%s: seen, and said', async (_, name, by, said) => {
  const error = await look(change(name, by)).then(() => '', String);
  for (const line of said) expect(error).toContain(line);
});

test('without any policy: seen, and said', async () => {
  await expect(look(() => [])).rejects.toThrow('open, but not declared: proofs-ai/probe-stranger → postgis:postgres');
});

test.each(['geoai', 'hy-home', 'pg'])('who is declared to go where is the same for the policies of %s', async (name) => {
  const of = platformNamed(name);
  const servers = of.graph.workloads.filter(({ ports }) => ports.some(({ offered }) => offered));
  const check = await ReachabilityCheck.start(of, servers, undefined, new PolicyNetwork(of));
  const tcp = edges(of).filter(({ to, port, workload }) => port.protocol === 'TCP' && servers.includes(to) && workload);
  const expected = tcp.map(
    ({ workload, to, port }) => `${workload?.namespace}/probe-${workload?.name} → ${to.name}:${port.name}`,
  );
  expect(check.declared().filter((line) => !line.includes('/probe-open '))).toEqual(
    expect.arrayContaining([...new Set(expected)]),
  );
  expect(check.declared().filter((line) => !line.includes('/probe-open '))).toHaveLength(new Set(expected).size);
});
