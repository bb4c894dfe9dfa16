import { archived } from '../../../lib/core/backup';
import type { Component } from '../../../lib/core/component';
import { ConfigFiles } from '../../../lib/core/config-files';
import { CronJob, DaemonSet, Deployment, Job, StatefulSet } from '../../../lib/core/controllers';
import { ordinal } from '../../../lib/core/env';
import { Volume } from '../../../lib/core/volume';
import type { WorkloadProps } from '../../../lib/core/workload';
import { all, find, objectsOf } from '../../support/objects';
import { sleeper, testPlatform, type TestEntry, type TestSettings } from '../../support/platforms';

const built = (build: TestEntry['build'], config: TestSettings = {}) => objectsOf(testPlatform({ app: { build } }, config));
const data = () => new Volume('data', { size: '5Gi', backup: archived('high') });
const selector = { 'app.kubernetes.io/name': 'app', 'app.kubernetes.io/instance': 'web' };

describe('Deployment', () => {
  test('rolls without a gap', () => {
    const objects = built((component) => void new Deployment(component, 'web', sleeper));
    expect(find(objects, 'Deployment', 'web').spec).toMatchObject({
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    });
    expect(all(objects, 'PodDisruptionBudget')).toEqual([]);
  });

  test('with a volume ends the old pod first, and its claim is kept', () => {
    const objects = built((component) => void new Deployment(component, 'web', { ...sleeper, mounts: { '/data': data() } }));
    const { spec } = find(objects, 'Deployment', 'web');
    expect(spec.strategy).toEqual({ type: 'Recreate' });
    expect(spec.template.spec.volumes).toEqual([{ name: 'data', persistentVolumeClaim: { claimName: 'web-data' } }]);
    expect(find(objects, 'PersistentVolumeClaim', 'web-data')).toMatchObject({
      metadata: {
        labels: { ...selector, 'hearth/backup-priority': 'high' },
        annotations: {
          'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
          'hearth/backup-method': 'archive',
        },
      },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'test-retain',
        resources: { requests: { storage: '5Gi' } },
      },
    });
  });

  test('several replicas: a budget, and spread over nodes', () => {
    const objects = built((component) => void new Deployment(component, 'web', { ...sleeper, replicas: 3 }));
    const { replicas, template } = find(objects, 'Deployment', 'web').spec;
    expect(replicas).toBe(3);
    expect(template.spec.topologySpreadConstraints).toEqual([
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: selector },
      },
    ]);
    expect(find(objects, 'PodDisruptionBudget', 'web').spec).toEqual({
      maxUnavailable: 1,
      selector: { matchLabels: selector },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    });
  });
});

describe('StatefulSet', () => {
  const statefulSet = (props: Partial<ConstructorParameters<typeof StatefulSet>[2]> = {}) =>
    built(
      (component) =>
        void new StatefulSet(component, 'web', {
          ...sleeper,
          ports: { http: 8080, gossip: { port: 7946, protocol: 'UDP', offered: false } },
          mounts: { '/data': data() },
          ...props,
        }),
    );

  test('claim templates with apiVersion and kind, kept when scaled or deleted', () => {
    const { spec } = find(statefulSet(), 'StatefulSet', 'web');
    expect(spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
    expect(spec.volumeClaimTemplates).toEqual([
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          name: 'data',
          labels: { ...selector, 'hearth/backup-priority': 'high' },
          annotations: {
            'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
            'hearth/backup-method': 'archive',
          },
        },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'test-retain',
          resources: { requests: { storage: '5Gi' } },
        },
      },
    ]);
    expect(spec.template.spec).not.toHaveProperty('volumes');
  });

  test('peers find each other before they are ready, on every port', () => {
    const objects = statefulSet();
    expect(find(objects, 'StatefulSet', 'web').spec.serviceName).toBe('web-peers');
    expect(find(objects, 'Service', 'web-peers').spec).toEqual({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector,
      ports: [
        { name: 'http', port: 8080, targetPort: 'http', protocol: 'TCP' },
        { name: 'gossip', port: 7946, targetPort: 'gossip', protocol: 'UDP' },
      ],
    });
  });

  test('one pod after the other, or all at once', () => {
    expect(find(statefulSet(), 'StatefulSet', 'web').spec.podManagementPolicy).toBe('OrderedReady');
    const objects = statefulSet({ parallel: true, replicas: 3 });
    expect(find(objects, 'StatefulSet', 'web').spec).toMatchObject({ podManagementPolicy: 'Parallel', replicas: 3 });
    expect(find(objects, 'PodDisruptionBudget', 'web').spec.maxUnavailable).toBe(1);
  });

  test('where availability is high, its pods must spread over the nodes that are there', () => {
    const three = (component: Component) => void new StatefulSet(component, 'web', { ...sleeper, replicas: 3 });
    const constraint = (config: TestSettings) =>
      find(built(three, config), 'StatefulSet', 'web').spec.template.spec.topologySpreadConstraints;
    expect(constraint({})).toMatchObject([{ whenUnsatisfiable: 'ScheduleAnyway' }]);
    expect(constraint({ availability: 'high' })).toEqual([
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'DoNotSchedule',
        nodeTaintsPolicy: 'Honor',
        labelSelector: { matchLabels: selector },
      },
    ]);
  });

  test('its pods may talk to each other on the ports it says, by names that need no search', () => {
    const ports = { http: 8000, gossip: { port: 7000, offered: false } };
    const platform = testPlatform({
      app: {
        build: (component) =>
          void new StatefulSet(component, 'web', {
            ...sleeper,
            ports,
            replicas: 2,
            peers: { ports: ['gossip'], why: 'gossip' },
          }),
      },
    });
    const [web] = platform.graph.workloads;
    expect(web instanceof StatefulSet && web.peerHosts).toEqual([
      'web-0.web-peers.test-apps.svc.cluster.local',
      'web-1.web-peers.test-apps.svc.cluster.local',
    ]);
    const policy = find(objectsOf(platform), 'NetworkPolicy', 'web').spec;
    const own = { podSelector: { matchLabels: selector } };
    expect(policy.ingress).toEqual([{ from: [own], ports: [{ port: 7000, protocol: 'TCP' }] }]);
    expect(policy.egress?.[1]).toEqual({ to: [own], ports: [{ port: 7000, protocol: 'TCP' }] });
  });

  test('without a volume there are no claim templates', () => {
    expect(find(statefulSet({ mounts: {} }), 'StatefulSet', 'web').spec.volumeClaimTemplates ?? []).toEqual([]);
  });

  test('claims by replica', () => {
    const platform = testPlatform({
      app: {
        build: (component) => void new StatefulSet(component, 'web', { ...sleeper, mounts: { '/data': data() } }),
      },
    });
    const [workload] = platform.graph.workloads;
    expect(workload?.volumes.map((volume) => volume.claimName(workload, 2))).toEqual(['data-web-2']);
  });
});

test('a volume that can be made again says so, and uses the class of the platform', () => {
  const scratch = new Volume('scratch', { size: '1Gi', backup: 'none' });
  const objects = built((component) => void new Deployment(component, 'web', { ...sleeper, mounts: { '/scratch': scratch } }), {
    storage: { class: 'fast', retain: false },
  });
  const { metadata, spec } = find(objects, 'PersistentVolumeClaim', 'web-scratch');
  expect(metadata.labels['hearth/backup-priority']).toBe('none');
  expect(metadata.annotations).not.toHaveProperty('hearth/backup-method');
  expect(spec.storageClassName).toBe('fast');
});

test('a volume without a class of the platform leaves it to the cluster', () => {
  const objects = built((component) => void new Deployment(component, 'web', { ...sleeper, mounts: { '/data': data() } }), {
    storage: { retain: false },
  });
  expect(find(objects, 'PersistentVolumeClaim', 'web-data').spec).not.toHaveProperty('storageClassName');
});

test('DaemonSet: one pod on every node', () => {
  const objects = built((component) => void new DaemonSet(component, 'web', sleeper));
  const { spec } = find(objects, 'DaemonSet', 'web');
  expect(spec).not.toHaveProperty('replicas');
  expect(spec.selector.matchLabels).toEqual(selector);
  expect(all(objects, 'PodDisruptionBudget')).toEqual([]);
});

describe('Job', () => {
  const jobName = (props: Partial<WorkloadProps> = {}, config: TestSettings = {}) => {
    const [job] = all(
      built((component) => void new Job(component, 'migrate', { ...sleeper, ...props }), config),
      'Job',
    );
    return job?.metadata.name;
  };
  const files =
    (text: string): TestEntry['build'] =>
    (component) => {
      const config = new ConfigFiles(component, 'script', { 'run.sh': text });
      new Job(component, 'migrate', { ...sleeper, mounts: { '/etc/script': config } });
    };
  const jobWith = (text: string) => all(built(files(text)), 'Job')[0]?.metadata.name;

  test('retries, and ends', () => {
    const [job] = all(
      built((component) => void new Job(component, 'migrate', sleeper)),
      'Job',
    );
    expect(job?.spec).toMatchObject({ backoffLimit: 20, template: { spec: { restartPolicy: 'OnFailure' } } });
    expect(job?.metadata.name).toMatch(/^migrate-[0-9a-f]{8}$/);
  });

  test('its name changes with its spec', () => {
    const names = [
      jobName(),
      jobName({ image: 'docker.io/library/busybox:1.38' }),
      jobName({ env: { A: '1' } }),
      jobName({ env: { A: '2' } }),
      jobName({ command: ['sleep', '1'] }),
      jobName({ resources: { ...sleeper.resources, limits: { cpu: '200m', memory: '32Mi' } } }),
      jobName({}, { timeZone: 'Europe/Berlin' }),
      jobWith('echo a'),
      jobWith('echo b'),
    ];
    expect(new Set(names).size).toBe(names.length);
  });

  test('and not otherwise', () => {
    expect(jobName({ env: { A: '1' } })).toBe(jobName({ env: { A: '1' } }));
    expect(jobName()).toBe(jobName({}, { domain: 'another.test', argoCd: undefined }));
    expect(jobWith('echo a')).toBe(jobWith('echo a'));
  });
});

test('CronJob: in the time zone of the platform, never two at a time', () => {
  const objects = built((component) => void new CronJob(component, 'nightly', { ...sleeper, schedule: '0 1 * * *' }), {
    timeZone: 'Europe/Berlin',
  });
  expect(find(objects, 'CronJob', 'nightly').spec).toMatchObject({
    schedule: '0 1 * * *',
    timeZone: 'Europe/Berlin',
    concurrencyPolicy: 'Forbid',
    jobTemplate: { spec: { backoffLimit: 2, template: { spec: { restartPolicy: 'OnFailure' } } } },
  });
});

test('CronJob: for work that is started by hand, tried again in a new pod, ended after a while, beside other pods', () => {
  const objects = built((component) => {
    new CronJob(component, 'by-hand', {
      ...sleeper,
      schedule: '0 1 * * *',
      suspend: true,
      retries: 1,
      restartPolicy: 'Never',
      deadlineSeconds: 600,
      container: 'work',
      near: selector,
    });
  });
  const { suspend, jobTemplate } = find(objects, 'CronJob', 'by-hand').spec;
  expect([suspend, jobTemplate.spec.backoffLimit, jobTemplate.spec.activeDeadlineSeconds]).toEqual([true, 1, 600]);
  const { spec } = jobTemplate.spec.template;
  expect([spec.restartPolicy, spec.containers.map(({ name }) => name)]).toEqual(['Never', ['work']]);
  expect(spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution).toEqual([
    {
      weight: 100,
      podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: selector } },
    },
  ]);
});

test('the ordinal is a field of pods of stateful sets, and nothing else has one', () => {
  const props = { ...sleeper, env: { NUMBER: ordinal } };
  const { template } = find(
    built((component) => void new StatefulSet(component, 'web', props)),
    'StatefulSet',
    'web',
  ).spec;
  expect(template.spec.containers[0]?.env).toContainEqual({
    name: 'NUMBER',
    valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } },
  });
  expect(() => built((component) => void new Deployment(component, 'web', props))).toThrow(
    'web is no stateful set: its pods have no ordinal',
  );
  const beside = { ...sleeper, sidecars: { beside: props } };
  expect(() => built((component) => void new Deployment(component, 'web', beside))).toThrow('its pods have no ordinal');
});

test('the members of an endpoint are its port on each pod, whatever the Service calls it; only stateful sets have them', () => {
  const props = { ...sleeper, replicas: 2, ports: { http: { port: 8080, service: 8000 } } };
  built((component) => {
    expect(new StatefulSet(component, 'web', props).endpoint('http').members).toEqual([
      'web-0.web-peers.test-apps.svc.cluster.local:8080',
      'web-1.web-peers.test-apps.svc.cluster.local:8080',
    ]);
    const front = new Deployment(component, 'front', props).endpoint('http');
    expect(() => front.members).toThrow('front is no stateful set: its pods have no names of their own');
  });
});
