import { buildPlatform } from '../../../../lib/build-platform';
import { parsePlatform } from '../../../../lib/config/load';
import type { Platform } from '../../../../lib/core/platform';
import { all, container, envOf, find, findJob, objectsOf } from '../../../support/objects';
import { manifestFile } from '../../../support/platforms';

const platform = (options: object = {}, more: object = {}): Platform =>
  buildPlatform(
    parsePlatform(
      JSON.stringify({
        name: 'keys',
        domain: 'keys.hearth.test',
        cluster: 'k3s',
        services: { traefik: {}, 'valkey-cluster': options },
        ...more,
      }),
      'keys.yaml',
    ),
  );
const high = (options: object = {}) => platform(options, { availability: 'high' });
const nodes = (of: Platform) => find(objectsOf(of), 'StatefulSet', 'valkey-cluster');
const conf = (of: Platform) => find(objectsOf(of), 'ConfigMap', 'valkey-cluster').data['valkey.conf'] ?? '';

test.each(['single', 'high'])('the whole file, availability %s', (availability) =>
  expect(manifestFile(platform({}, { availability }), 'valkey-cluster')).toMatchSnapshot(),
);

test('three masters; where availability is high each has a replica, all spread, and a node may be drained', () => {
  expect(nodes(platform()).spec.replicas).toBe(3);
  const { replicas, podManagementPolicy, template } = nodes(high()).spec;
  expect([replicas, podManagementPolicy]).toEqual([6, 'Parallel']);
  expect(template.spec.topologySpreadConstraints[0]?.whenUnsatisfiable).toBe('DoNotSchedule');
  // A node that is drained has two of six pods on three nodes.
  const budget = (options?: object) =>
    find(objectsOf(high(options)), 'PodDisruptionBudget', 'valkey-cluster').spec.maxUnavailable;
  expect([budget(), budget({ replicasPerShard: 0 }), budget({ shards: 5, replicasPerShard: 2 })]).toEqual([2, 1, 5]);
  expect(nodes(platform({ shards: 4, replicasPerShard: 2 })).spec.replicas).toBe(12);
  expect(() => platform({ shards: 2 })).toThrow(/at least 3/);
});

test('writes go on where the only replica of a master is lost; with two replicas one must have them', () => {
  expect(conf(high())).toContain('min-replicas-to-write 0\n');
  expect(conf(high({ replicasPerShard: 2 }))).toContain('min-replicas-to-write 1\n');
  expect(conf(high({ minReplicasToWrite: 1 }))).toContain('min-replicas-to-write 1\n');
  expect(() => high({ replicasPerShard: 1, minReplicasToWrite: 2 })).toThrow(/write at most 1/);
});

test('a node says who and where it is, and gets its passwords by standard input', () => {
  const node = container(nodes(high()).spec.template, 'valkey-cluster');
  expect(node.command.at(-1)?.split('\n')).toEqual([
    'exec valkey-server /etc/valkey/valkey.conf - <<END',
    'requirepass $REDISCLI_AUTH',
    'masterauth $REDISCLI_AUTH',
    'cluster-announce-ip $POD_IP',
    'cluster-announce-hostname $POD_NAME.valkey-cluster-peers.keys-data.svc.cluster.local',
    'cluster-announce-human-nodename $POD_NAME',
    'availability-zone $NODE_NAME',
    'END',
  ]);
  const fields = node.env.map(({ name, valueFrom }) => [
    name,
    (valueFrom as { fieldRef?: { fieldPath: string } } | undefined)?.fieldRef?.fieldPath,
  ]);
  expect(Object.fromEntries(fields)).toMatchObject({
    POD_NAME: 'metadata.name',
    POD_IP: 'status.podIP',
    NODE_NAME: 'spec.nodeName',
  });
  expect(conf(high())).not.toMatch(/requirepass|masterauth/);
  expect(conf(high({ nodeTimeout: 2000 }))).toContain('cluster-node-timeout 2000\n');
});

test('a master hands over before it stops, and has time for it', () => {
  const { template } = nodes(high()).spec;
  expect(template.spec.terminationGracePeriodSeconds).toBe(60);
  const { preStop, postStart } = container(template, 'valkey-cluster').lifecycle;
  expect(preStop.exec.command.at(-1)).toContain('CLUSTER FAILOVER');
  expect(postStart.exec.command.at(-1)).toContain('CLUSTER MEET');
});

test('a job makes the cluster, and the same one mends it every five minutes', () => {
  const objects = objectsOf(high());
  const job = container(findJob(objects, 'valkey-cluster-join').spec.template, 'valkey-cluster');
  const { schedule, jobTemplate, concurrencyPolicy } = find(objects, 'CronJob', 'valkey-cluster-repair').spec;
  expect([schedule, concurrencyPolicy]).toEqual(['*/5 * * * *', 'Forbid']);
  const repair = container(jobTemplate.spec.template, 'valkey-cluster');
  expect(repair.command).toEqual(job.command);
  const { PATIENCE, ...env } = envOf(repair);
  expect(envOf(job)).toMatchObject({ ...env, SHARDS: '3', REPLICAS: '1', REDISCLI_AUTH: 'valkey-cluster/password' });
  expect(PATIENCE).toBe('15');
  expect(env.NODES?.split(' ')).toHaveLength(6);
  expect(env.NODES).toContain('valkey-cluster-5.valkey-cluster-peers.keys-data.svc.cluster.local:6379');
  expect(envOf(container(findJob(objectsOf(platform()), 'valkey-cluster-join').spec.template, 'valkey-cluster')).REPLICAS).toBe(
    '0',
  );
});

test('nodes reach each other at both ports, the jobs at one', () => {
  const policy = all(objectsOf(high()), 'NetworkPolicy').find(({ metadata }) => metadata.name === 'valkey-cluster');
  const rules = (policy?.spec.ingress ?? []).map((rule) => [JSON.stringify(rule), rule.ports.map(({ port }) => port)]);
  const portsFor = (instance: string) => rules.find(([text]) => String(text).includes(`"${instance}"`))?.[1];
  expect(portsFor('valkey-cluster-join')).toEqual([6379]);
  expect(portsFor('valkey-cluster-repair')).toEqual([6379]);
  expect(JSON.stringify(policy?.spec.ingress)).toContain('16379');
  expect(find(objectsOf(high()), 'Service', 'valkey-cluster').spec.ports.map(({ port }) => port)).toEqual([6379]);
});

test('a new password is told to every node, beside the old one', () => {
  const credential = high().graph.credentials.find(({ name }) => name === 'valkey-cluster');
  if (credential?.rotation?.by !== 'command') throw new Error('rotated in another way');
  expect(credential.rotation.command.slice(4)).toHaveLength(6);
});
