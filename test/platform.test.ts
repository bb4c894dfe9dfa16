import { join } from 'node:path';
import { fromEach, loadPlatform } from '../lib/config/load';
import { buildPlatform } from '../lib/build-platform';
import { distFiles } from '../lib/synth';
import type { Kind, Kinds, KubernetesObject } from './support/kubernetes';
import { all, find } from './support/objects';
import { geoai, root } from './support/platforms';
import { rules, type RuleName } from './support/rules';
import { synthesis, type Synthesis } from './support/synthesis';

const configs = ['platforms', 'test/platforms'].flatMap((folder) => fromEach(join(root, folder), loadPlatform));
const names = Object.keys(rules) as RuleName[];

describe.each(configs.map((config) => [config.name, config] as const))('%s', (_, config) => {
  const platform = synthesis(config);

  test.each(names)('%s', (name) => expect(rules[name](platform)).toEqual([]));

  test('two synths give the same bytes', () => {
    const files = () => [...distFiles(buildPlatform(config))];
    expect(files()).toEqual(files());
  });
});

/** What is done to a good platform, and what the rule must say to it. */
type Mutation = [rule: RuleName, what: string, mutate: (objects: KubernetesObject[]) => void, message: string];

const mlflow = (objects: KubernetesObject[]) => find(objects, 'Deployment', 'mlflow').spec;
const mlflowPod = (objects: KubernetesObject[]) => mlflow(objects).template.spec;
const first = <T>(list: T[]): T => {
  const [item] = list;
  if (item === undefined) throw new Error('an empty list');
  return item;
};
const main = (objects: KubernetesObject[]) => first(mlflowPod(objects).containers);
const init = (objects: KubernetesObject[]) => first(mlflowPod(objects).initContainers);
const accessKey = (objects: KubernetesObject[]) => first(main(objects).env.filter(({ name }) => name === 'AWS_ACCESS_KEY_ID'));
const postgisSecret = (objects: KubernetesObject[]) =>
  first(find(objects, 'StatefulSet', 'postgis').spec.template.spec.volumes.filter(({ name }) => name === 'postgis'));
const of = <K extends Kind>(kind: K, name: string, mutate: (object: Kinds[K]) => void) => {
  return (objects: KubernetesObject[]) => mutate(find(objects, kind, name));
};
const without = (kind: Kind, name: string) => (objects: KubernetesObject[]) => {
  const i = objects.findIndex((object) => object.kind === kind && object.metadata.name === name);
  if (i < 0) throw new Error(`no ${kind} ${name}`);
  objects.splice(i, 1);
};
const add = (object: object) => (objects: KubernetesObject[]) => void objects.push(object as KubernetesObject);
const remove = (object: object, key: string) => void Reflect.deleteProperty(object, key);

const mutations: Mutation[] = [
  [
    'every image is pinned, in lib/images.ts',
    'a floating tag',
    (o) => (main(o).image = 'ghcr.io/mlflow/mlflow:latest'),
    'Deployment geoai-ai/mlflow, mlflow: image ghcr.io/mlflow/mlflow:latest is not pinned',
  ],
  [
    'every image is pinned, in lib/images.ts',
    'no tag, in an init container',
    (o) => (init(o).image = 'localhost:5000/postgis'),
    'Deployment geoai-ai/mlflow, wait-for-postgis: image localhost:5000/postgis is not pinned',
  ],
  [
    'every image is pinned, in lib/images.ts',
    'an image of nobody',
    (o) => (main(o).image = 'ghcr.io/mlflow/mlflow:v1'),
    'Deployment geoai-ai/mlflow, mlflow: image ghcr.io/mlflow/mlflow:v1 is not in lib/images.ts',
  ],
  [
    'every container has requests and limits',
    'no resources',
    (o) => remove(main(o), 'resources'),
    'Deployment geoai-ai/mlflow, mlflow: no memory limit',
  ],
  [
    'every container has requests and limits',
    'no memory limit on an init container',
    (o) => remove(init(o).resources.limits, 'memory'),
    'Deployment geoai-ai/mlflow, wait-for-postgis: no memory limit',
  ],
  [
    'every container has requests and limits',
    'a request above its limit',
    (o) => (main(o).resources.requests.cpu = '3'),
    'Deployment geoai-ai/mlflow, mlflow: cpu request above its limit',
  ],
  ...(
    [
      ['root', (o) => (mlflowPod(o).securityContext.runAsUser = 0), 'mlflow has no user'],
      ['maybe root', (o) => (mlflowPod(o).securityContext.runAsNonRoot = false), 'mlflow may run as root'],
      ['no seccomp', (o) => remove(mlflowPod(o).securityContext, 'seccompProfile'), 'mlflow has no seccomp profile'],
      ['the node’s network', (o) => (mlflowPod(o).hostNetwork = true), 'mlflow shares namespaces of its node'],
      ['service links', (o) => remove(mlflowPod(o), 'enableServiceLinks'), 'mlflow has service links'],
      ['a token', (o) => (mlflowPod(o).automountServiceAccountToken = true), 'mlflow has a token without need'],
      [
        'a folder of the node',
        (o) => mlflowPod(o).volumes.push({ name: 'node', hostPath: { path: '/' } } as never),
        'mlflow volume node is of a kind that restricted pods may not have',
      ],
      [
        'privileges to gain',
        (o) => (main(o).securityContext.allowPrivilegeEscalation = true),
        'mlflow, mlflow: may gain privileges',
      ],
      [
        'a writable root',
        (o) => (init(o).securityContext.readOnlyRootFilesystem = false),
        'mlflow, wait-for-postgis: may write to its root file system',
      ],
      ['capabilities', (o) => (main(o).securityContext.capabilities.add = ['NET_ADMIN']), 'mlflow, mlflow: keeps capabilities'],
    ] satisfies [string, (o: KubernetesObject[]) => void, string][]
  ).map(([what, mutate, message]): Mutation => ['every pod is restricted', what, mutate, `Deployment geoai-ai/${message}`]),
  [
    'no manifest holds a secret',
    'a Secret',
    add({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'geoai-ai' }, stringData: { a: 'b' } }),
    'Secret geoai-ai/s is in the manifests',
  ],
  [
    'no manifest holds a secret',
    'a password in the environment',
    (o) => main(o).env.push({ name: 'DB_PASSWORD', value: 'geheim' } as never),
    'Deployment geoai-ai/mlflow, mlflow: DB_PASSWORD is written out',
  ],
  ...[
    'postgresql://mlflow:geheim@postgis:5432/mlflow',
    'admin:$2y$10$abcdefghijklmnopqrstuv',
    '-----BEGIN PRIVATE KEY-----',
    '0123456789abcdef0123456789abcdef01234567',
    'c2VjcmV0IHZhbHVlIG9mIDMyIGJ5dGVzISE0NQ==',
  ].map((text): Mutation => [
    'no manifest holds a secret',
    text,
    of('ConfigMap', 'traefik', (map) => (map.data['extra'] = text)),
    'ConfigMap geoai-gateway/traefik.data.extra looks like a secret',
  ]),
  [
    'no object is there twice',
    'a copy',
    (o) => o.push(structuredClone(find(o, 'Service', 'mlflow')) as unknown as KubernetesObject),
    'v1 Service geoai-ai/mlflow is there twice',
  ],
  [
    'selectors are name and instance, without a hash',
    'a version',
    (o) => (mlflow(o).selector.matchLabels['app.kubernetes.io/version'] = '3'),
    'mlflow selects by app.kubernetes.io/instance,app.kubernetes.io/name,app.kubernetes.io/version',
  ],
  [
    'selectors are name and instance, without a hash',
    'a hash',
    of('Service', 'mlflow', ({ spec }) => (spec.selector['app.kubernetes.io/instance'] = 'mlflow-c80d69e0')),
    'mlflow selects by a hash',
  ],
  [
    'selectors are name and instance, without a hash',
    'other pods',
    (o) => (mlflow(o).template.metadata.labels['app.kubernetes.io/instance'] = 'other'),
    'mlflow selects no pod',
  ],
  [
    'every namespace is made by the platform',
    'a namespace that is gone',
    without('Namespace', 'geoai-ai'),
    'Deployment geoai-ai/mlflow is in a namespace that nobody makes',
  ],
  [
    'every namespace is made by the platform',
    'no namespace',
    of('Service', 'mlflow', ({ metadata }) => remove(metadata, 'namespace')),
    'Service /mlflow is in a namespace that nobody makes',
  ],
  [
    'every namespace is made by the platform',
    'a namespace in a namespace',
    of('Namespace', 'geoai-ai', ({ metadata }) => (metadata.namespace = 'geoai-ai')),
    'Namespace geoai-ai/geoai-ai is in a namespace',
  ],
  ...(
    [
      ['ConfigMap', without('ConfigMap', 'traefik'), 'Deployment geoai-gateway/traefik: no ConfigMap traefik'],
      [
        'key of a Secret',
        (o) => (accessKey(o).valueFrom.secretKeyRef.key = 'id'),
        'Deployment geoai-ai/mlflow: Secret minio-mlflow has no id',
      ],
      [
        'Secret in this namespace',
        (o) => (accessKey(o).valueFrom.secretKeyRef.name = 'minio'),
        'Deployment geoai-ai/mlflow: no Secret minio',
      ],
      [
        'Secret file',
        (o) => (postgisSecret(o).secret.items = [{ key: 'root', path: 'root', mode: 0o400 }]),
        'StatefulSet geoai-data/postgis: Secret postgis has no root',
      ],
      ['volume', (o) => (mlflowPod(o).volumes = []), 'Deployment geoai-ai/mlflow: no volume tmp'],
      [
        'claim',
        (o) => (mlflowPod(o).volumes = [{ name: 'tmp', persistentVolumeClaim: { claimName: 'gone', readOnly: false } } as never]),
        'Deployment geoai-ai/mlflow: no claim gone',
      ],
      ['ServiceAccount', without('ServiceAccount', 'traefik'), 'Deployment geoai-gateway/traefik: no ServiceAccount traefik'],
      ['account of a role', without('ServiceAccount', 'traefik'), 'RoleBinding geoai-gateway-traefik: no ServiceAccount traefik'],
      ['Role', without('Role', 'geoai-gateway-traefik'), 'RoleBinding geoai-gateway-traefik: no Role geoai-gateway-traefik'],
      ['PriorityClass', without('PriorityClass', 'geoai-service'), 'Deployment geoai-ai/mlflow: no PriorityClass geoai-service'],
      ['StorageClass', without('StorageClass', 'geoai-retain'), 'no StorageClass geoai-retain'],
      [
        'Secret of a middleware',
        (o) => all(o, 'Middleware').forEach(({ spec }) => (spec.basicAuth = { secret: 'gone', removeHeader: true })),
        'no Secret gone',
      ],
      [
        'Secret of a middleware with one key',
        (o) =>
          all(o, 'Middleware')
            .filter(({ metadata }) => metadata.namespace === 'geoai-gateway')
            .forEach(({ spec }) => (spec.basicAuth = { secret: 'gateway-basic-auth', removeHeader: true })),
        'Secret gateway-basic-auth of a middleware has more than one key',
      ],
      [
        'certificate',
        of('TLSStore', 'default', ({ spec }) => (spec.defaultCertificate.secretName = 'gateway-basic-auth')),
        'Secret gateway-basic-auth has no tls.crt',
      ],
    ] satisfies [string, (o: KubernetesObject[]) => void, string][]
  ).map(([what, mutate, message]): Mutation => ['whatever a pod, role or route refers to exists', what, mutate, message]),
  [
    'every Service leads to a port of a pod',
    'no pod',
    of('Service', 'mlflow', ({ spec }) => (spec.selector['app.kubernetes.io/instance'] = 'other')),
    'Service mlflow selects no pod',
  ],
  [
    'every Service leads to a port of a pod',
    'another port',
    (o) => (first(main(o).ports).name = 'web'),
    'Service mlflow: no http',
  ],
  [
    'every Service leads to a port of a pod',
    'another protocol',
    (o) => (first(main(o).ports).protocol = 'UDP'),
    'Service mlflow: no http',
  ],
  [
    'every route leads to a Service and through middlewares of its namespace',
    'no Service',
    without('Service', 'mlflow'),
    'IngressRoute mlflow: no Service mlflow',
  ],
  [
    'every route leads to a Service and through middlewares of its namespace',
    'another port',
    of('IngressRouteTCP', 'postgres', ({ spec }) => (first(first(spec.routes).services).port = 'http')),
    'IngressRouteTCP postgres: Service postgis has no http',
  ],
  [
    'every route leads to a Service and through middlewares of its namespace',
    'a middleware elsewhere',
    (o) => all(o, 'Middleware').forEach(({ metadata }) => (metadata.namespace = 'geoai-gateway')),
    'IngressRoute mlflow: no Middleware basic-auth',
  ],
  [
    'no host and path has two routes',
    'the same host',
    of('IngressRoute', 'mlflow', ({ spec }) => (first(spec.routes).match = 'Host(`minio.geoai.home.arpa`)')),
    'two routes for Host(`minio.geoai.home.arpa`)',
  ],
  [
    'every namespace denies by default',
    'no policy',
    without('NetworkPolicy', 'default-deny'),
    'namespace geoai-gateway has no default-deny policy',
  ],
  [
    'every namespace denies by default',
    'ways in are open',
    (o) => all(o, 'NetworkPolicy').forEach(({ spec }) => (spec.policyTypes = ['Egress'])),
    'namespace geoai-ai has no default-deny policy',
  ],
  [
    'policies are open on both sides',
    'no way in',
    of('NetworkPolicy', 'postgis', ({ spec }) => spec.ingress.shift()),
    'geoai-ai/mlflow → geoai-data/postgis TCP 5432 is only open on the side of its start',
  ],
  [
    'policies are open on both sides',
    'no way out',
    of('NetworkPolicy', 'mlflow', ({ spec }) => spec.egress.pop()),
    'geoai-ai/mlflow → geoai-data/minio TCP 9000 is only open on the side of its end',
  ],
  [
    'no rights in the whole cluster',
    'a ClusterRole',
    add({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'all' } }),
    'ClusterRole /all is cluster-wide',
  ],
  [
    'no rights in the whole cluster',
    'everything',
    (o) => (first(first(all(o, 'Role')).rules).verbs = ['*']),
    'Role geoai-gateway-traefik grants everything',
  ],
  [
    'only public ports are reachable from outside',
    'a load balancer of a database',
    of('Service', 'postgis', ({ spec }) => (spec.type = 'LoadBalancer')),
    'geoai-data/postgis/postgres is reachable from outside although it is not public',
  ],
  [
    'only public ports are reachable from outside',
    'a node port',
    of('Service', 'minio', ({ spec }) => (spec.type = 'NodePort')),
    'geoai-data/minio/s3 is reachable from outside although it is not public',
  ],
];

describe('every rule notices', () => {
  const good: Synthesis = synthesis(geoai().config);

  test.each(mutations)('%s: %s', (rule, _, mutate, message) => {
    const objects = structuredClone(good.objects);
    mutate(objects);
    expect(rules[rule]({ ...good, objects })).toContain(message);
  });

  test('all of them are tried', () => {
    expect(names.filter((name) => !mutations.some(([rule]) => rule === name))).toEqual([]);
  });
});
