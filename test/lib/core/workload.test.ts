import { Started } from '../../../lib/bindings/started';
import type { Component } from '../../../lib/core/component';
import { ConfigFiles } from '../../../lib/core/config-files';
import { Deployment, StatefulSet } from '../../../lib/core/controllers';
import { Credential, password } from '../../../lib/core/credential';
import { temporary, type MountSource } from '../../../lib/core/mount';
import { exec, http, tcp, type Probes } from '../../../lib/core/probe';
import { Volume } from '../../../lib/core/volume';
import { all, container, containersOf, find, objectsOf, podsOf } from '../../support/objects';
import { sleeper, testPlatform, type TestEntry } from '../../support/platforms';

describe('hardened defaults', () => {
  const platform = testPlatform({
    app: {
      build: (component) => {
        const shop = new Deployment(component, 'shop', { ...sleeper, ports: { http: 8080 } });
        new Deployment(component, 'client', {
          ...sleeper,
          init: { first: sleeper },
          sidecars: { beside: { ...sleeper, ports: { side: 9000 } } },
          uses: [new Started(shop.endpoint('http'), 'buys'), new Started(shop.endpoint('http'), 'buys more')],
          mounts: { '/tmp': temporary('tmp', '1Mi'), '/cache': temporary('cache', '2Mi', 'memory') },
        });
      },
    },
  });
  const objects = objectsOf(platform);
  const { template } = find(objects, 'Deployment', 'client').spec;

  test('the pod', () => {
    expect(template.spec).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      priorityClassName: 'test-service',
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1234,
        runAsGroup: 5678,
        fsGroup: 5678,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    expect(template.spec).not.toHaveProperty('serviceAccountName');
    expect(template.spec).not.toHaveProperty('hostNetwork');
  });

  test('what a floating tag means is asked at each start', () => {
    const policies = (image: string) => {
      const floating = testPlatform({
        app: { build: (self) => void new Deployment(self, 'app', { ...sleeper, image }) },
      });
      return containersOf(find(objectsOf(floating), 'Deployment', 'app').spec.template).map((one) => one.imagePullPolicy);
    };
    expect(['app', 'app:latest', 'a:5000/app', 'app:1.2', `app@sha256:${'0'.repeat(64)}`].map(policies).flat()).toEqual([
      'Always',
      'Always',
      'Always',
      'IfNotPresent',
      'IfNotPresent',
    ]);
  });

  test('every container, also those that wait, prepare or stand beside', () => {
    expect(containersOf(template).map(({ name }) => name)).toEqual(['wait-for-shop', 'first', 'app', 'beside']);
    for (const { securityContext, imagePullPolicy, env } of containersOf(template)) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(imagePullPolicy).toBe('IfNotPresent');
      expect(env[0]).toEqual({ name: 'TZ', value: 'UTC' });
    }
  });

  test('requests and limits', () => {
    expect(container(template, 'app').resources).toEqual(sleeper.resources);
  });

  test('a second wait for the same program is one wait', () => {
    expect(container(template, 'wait-for-shop').command).toEqual([
      'sh',
      '-c',
      'until nc -w 3 shop.test-apps.svc 8080 -e true; do sleep 2; done',
    ]);
  });

  test('temporary space has an upper bound', () => {
    expect(template.spec.volumes).toEqual([
      { name: 'tmp', emptyDir: { sizeLimit: '1Mi' } },
      { name: 'cache', emptyDir: { sizeLimit: '2Mi', medium: 'Memory' } },
    ]);
  });

  test('selectors hold name and instance alone, and pods also what they are part of', () => {
    const selector = { 'app.kubernetes.io/name': 'app', 'app.kubernetes.io/instance': 'client' };
    expect(find(objects, 'Deployment', 'client').spec.selector).toEqual({ matchLabels: selector });
    expect(template.metadata.labels).toEqual({ ...selector, 'app.kubernetes.io/part-of': 'test' });
  });

  test('an unknown port is named', () => {
    const workload = platform.graph.workloads.find(({ name }) => name === 'shop');
    expect(() => workload?.endpoint('web')).toThrow('shop has no port web');
  });
});

test('rights at the Kubernetes API: a role in each namespace, a token, and an entry in the list of exceptions', () => {
  const platform = testPlatform({
    app: {
      build: (component) => {
        new Deployment(component, 'app', {
          ...sleeper,
          kubernetes: {
            why: 'It counts pods.',
            namespaces: () => ['test-apps', 'test-gateway'],
            rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
          },
        });
      },
    },
  });
  const objects = objectsOf(platform);
  const { spec } = find(objects, 'Deployment', 'app').spec.template;
  expect([spec.serviceAccountName, spec.automountServiceAccountToken]).toEqual(['app', true]);
  expect(find(objects, 'ServiceAccount', 'app').automountServiceAccountToken).toBe(false);
  expect(all(objects, 'Role').map(({ metadata }) => [metadata.namespace, metadata.name])).toEqual([
    ['test-apps', 'test-apps-app'],
    ['test-gateway', 'test-apps-app'],
  ]);
  expect(find(objects, 'RoleBinding', 'test-apps-app', 'test-gateway')).toMatchObject({
    roleRef: { kind: 'Role', name: 'test-apps-app' },
    subjects: [{ kind: 'ServiceAccount', name: 'app', namespace: 'test-apps' }],
  });
  expect(platform.graph.exceptions.map(({ what, why }) => [what, why])).toEqual([['service-account token', 'It counts pods.']]);
});

test('the rest of what a container may say', () => {
  const platform = testPlatform(
    {
      app: {
        build: (component) => {
          new Deployment(component, 'app', {
            ...sleeper,
            args: ['--fast'],
            workingDir: '/srv',
            postStart: ['touch', '/tmp/started'],
            ports: { http: 8080, metrics: { port: 9090, offered: false } },
            metrics: { port: 'metrics', path: '/metrics' },
            terminationGraceSeconds: 90,
          });
        },
      },
    },
    { timeZone: 'Europe/Berlin' },
  );
  const { metadata, spec } = find(objectsOf(platform), 'Deployment', 'app').spec.template;
  expect(spec.terminationGracePeriodSeconds).toBe(90);
  expect(metadata.annotations).toEqual({
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': '9090',
    'prometheus.io/path': '/metrics',
  });
  expect(spec.containers[0]).toMatchObject({
    args: ['--fast'],
    workingDir: '/srv',
    lifecycle: { postStart: { exec: { command: ['touch', '/tmp/started'] } } },
    env: [{ name: 'TZ', value: 'Europe/Berlin' }],
  });
});

describe('probes', () => {
  const probesOf = (probes: Probes) => {
    const platform = testPlatform({
      app: {
        build: (component) => {
          new Deployment(component, 'app', { ...sleeper, ports: { http: 8080 }, probes });
        },
      },
    });
    return podsOf(objectsOf(platform))[0]?.template.spec.containers[0];
  };

  test('a startup probe as long as the first start, then liveness and readiness', () => {
    expect(probesOf({ ready: http('/ready'), live: tcp('http'), startupSeconds: 100 })).toMatchObject({
      startupProbe: { tcpSocket: { port: 'http' }, periodSeconds: 3, failureThreshold: 34 },
      livenessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 30, failureThreshold: 3 },
      readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 10, failureThreshold: 3 },
    });
  });

  test('by default a minute to start, and liveness asks what readiness asks', () => {
    const ready = { httpGet: { path: '/', port: 'http' } };
    expect(probesOf({ ready: http('/') })).toMatchObject({
      startupProbe: { ...ready, failureThreshold: 20 },
      livenessProbe: ready,
      readinessProbe: ready,
    });
  });

  test('requests by number and with headers, and commands', () => {
    expect(http('/', 80, { Host: 'a' }).httpGet?.httpHeaders).toEqual([{ name: 'Host', value: 'a' }]);
    expect(http('/', 80).httpGet?.port.value).toBe(80);
    expect(exec('pg_isready', '-q')).toEqual({ exec: { command: ['pg_isready', '-q'] } });
  });
});

describe('mounts of the same name in one pod', () => {
  const volumes = (one: MountSource, other: MountSource) => {
    const platform = testPlatform({
      app: {
        build: (component) =>
          void new Deployment(component, 'app', {
            ...sleeper,
            mounts: { '/one': one },
            sidecars: { beside: { ...sleeper, mounts: { '/other': other } } },
          }),
      },
    });
    return find(objectsOf(platform), 'Deployment', 'app').spec.template.spec.volumes;
  };
  const small = temporary('space', '8Mi');
  const large = temporary('space', '1Gi');

  test('temporary space is one, for whoever needs more', () => {
    const shared = [{ name: 'space', emptyDir: { sizeLimit: '1Gi' } }];
    expect(volumes(small, large)).toEqual(shared);
    expect(volumes(large, small)).toEqual(shared);
  });

  test('anything else would hide one of them, and is an error', () => {
    expect(() => volumes(small, temporary('space', '8Mi', 'memory'))).toThrow('app mounts two volumes space');
  });

  test('a claim template counts, whose name Kubernetes would take from the other one', () => {
    const data = new Volume('space', { size: '1Gi', backup: 'none' });
    const mounts = { '/one': small, '/other': data };
    const app: TestEntry = { build: (component) => void new StatefulSet(component, 'app', { ...sleeper, mounts }) };
    expect(() => testPlatform({ app })).toThrow('app mounts two volumes space');
  });

  test('a ConfigMap and a Secret become volumes of other names where something else has theirs', () => {
    const pod = (withData: boolean) => {
      const build = (component: Component) => {
        const files = new ConfigFiles(component, 'data', { 'a.conf': 'b' });
        const secret = new Credential(component, 'data', { keys: { password: password(8) } });
        const data = new Volume('data', { size: '1Gi', backup: 'none' });
        new StatefulSet(component, 'data', {
          ...sleeper,
          mounts: {
            '/etc/data': files,
            '/etc/a.conf': files.file('a.conf'),
            ...(withData ? { '/data': data, '/secret': secret.files('password') } : {}),
          },
        });
      };
      const { template } = find(objectsOf(testPlatform({ app: { build } })), 'StatefulSet', 'data').spec;
      const mounts = container(template, 'app').volumeMounts as { name: string }[];
      return { volumes: template.spec.volumes, mounts: mounts.map(({ name }) => name) };
    };
    expect(pod(true)).toEqual({
      volumes: [
        { name: 'data-config', configMap: { name: 'data' } },
        { name: 'data-secret', secret: expect.objectContaining({ secretName: 'data' }) as unknown },
      ],
      mounts: ['data-config', 'data-config', 'data', 'data-secret'],
    });
    expect(pod(false)).toEqual({
      volumes: [{ name: 'data', configMap: { name: 'data' } }],
      mounts: ['data', 'data'],
    });
  });
});
