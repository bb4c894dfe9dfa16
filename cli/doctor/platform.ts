import type { Platform } from '../../lib/core/platform';
import { definitions } from '../../lib/derived/applied-objects';
import type { Cluster, KubernetesObject } from '../cluster/cluster';
import type { Deployment } from '../cluster/kinds';
import { capacityFindings, diskFindings, roomsOf } from './capacity';
import { ok, problem, warning, type Check, type Finding, type OfPlatformOnCluster } from './finding';

interface StorageClass extends KubernetesObject {
  readonly provisioner?: string;
}

const localPath = 'rancher.io/local-path';
const storageClasses = (cluster: Cluster) =>
  cluster.list<StorageClass>({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' });
const isDefault = ({ metadata: { annotations = {} } }: StorageClass) =>
  annotations['storageclass.kubernetes.io/is-default-class'] === 'true';

/** The classes that the platform file names for volumes; undefined where some are of the platform's usual class. */
const namedClasses = ({ graph }: Platform): (string | undefined)[] => [
  ...new Set(graph.workloads.flatMap(({ volumes }) => volumes.map(({ props }) => props.class))),
];

const storage: Check<OfPlatformOnCluster> = async ({ platform, cluster }) => {
  const named = namedClasses(platform);
  if (named.length === 0) return [];
  const classes = await storageClasses(cluster);
  return named.map((name) => (name === undefined ? usualClass(platform, classes) : volumeClass(name, classes)));
};

const namesOf = (classes: readonly StorageClass[]) => classes.map(({ metadata }) => metadata.name);

/** The class that some volume has of its own. */
function volumeClass(name: string, classes: readonly StorageClass[]): Finding {
  const names = namesOf(classes);
  if (names.includes(name)) return ok(`StorageClass ${name}`);
  const other = names.length > 0 ? `, or write another one under services.<name>.storage: ${names.join(' or ')}` : '';
  return problem(`there is no StorageClass ${name}`, `make it${other}`);
}

/** The class of all other volumes. */
function usualClass(platform: Platform, classes: readonly StorageClass[]): Finding {
  const names = namesOf(classes);
  const choose = names.length > 0 ? `write storage.class: ${names.join(' or ')}` : 'install a storage provisioner';
  const { class: named, retain } = platform.config.storage;
  if (named !== undefined) {
    if (names.includes(named)) return ok(`StorageClass ${named}`);
    return problem(`there is no StorageClass ${named}`, `make it, or ${choose}`);
  }
  if (retain) {
    if (classes.some(({ provisioner }) => provisioner === localPath))
      return ok(`StorageClass ${platform.storageClass ?? ''}, by the cluster’s ${localPath}`);
    return problem(
      `no StorageClass is by ${localPath}, which storage.retain needs`,
      `enable the local storage of the cluster, or ${choose}`,
    );
  }
  const standard = classes.find(isDefault);
  if (standard) return ok(`StorageClass ${standard.metadata.name}, the default`);
  return problem(
    'the cluster has no default StorageClass',
    `${choose}, or annotate one with storageclass.kubernetes.io/is-default-class=true`,
  );
}

const disk: Check<OfPlatformOnCluster> = async ({ platform, cluster }) => {
  const classes = await storageClasses(cluster);
  const onNodes = (name: string | undefined) => {
    const used = classes.find((entry) => (name === undefined ? isDefault(entry) : entry.metadata.name === name));
    if (used) return used.provisioner === localPath;
    // The platform brings it, or will.
    return platform.config.storage.retain && name === platform.storageClass;
  };
  return diskFindings(platform, await roomsOf(cluster, platform), onNodes);
};

const capacity: Check<OfPlatformOnCluster> = async ({ platform, cluster }) =>
  capacityFindings(platform, await roomsOf(cluster, platform));

const bundledTraefik = (cluster: Cluster) =>
  cluster.read<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'kube-system', name: 'traefik' });

/** Two gateways cannot share the ports 80 and 443 of a node. */
const gateway: Check<OfPlatformOnCluster> = async ({ platform, cluster }) => {
  const { config } = platform;
  const traefik = await bundledTraefik(cluster);
  if (config.gateway === 'k3s-bundled') {
    if (traefik) return [ok('the Traefik of k3s is there')];
    const ingressClass = await cluster.read({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      name: 'traefik',
    });
    if (ingressClass)
      return [
        warning(
          'there is an IngressClass traefik, but no Deployment kube-system/traefik',
          'look whether k3s still installs it: kubectl -n kube-system get jobs',
        ),
      ];
    return [
      problem(
        'gateway: k3s-bundled, but k3s runs no Traefik',
        'start k3s without --disable traefik, or write gateway: standalone',
      ),
    ];
  }
  // On kind every public port has a node port of its own.
  if (!traefik || traefik.spec?.replicas === 0 || config.cluster === 'kind') return [];
  const instead =
    config.cluster === 'k3s' ? 'write gateway: k3s-bundled, or start k3s with --disable traefik' : 'remove that one';
  return [warning('kube-system/traefik runs, and has the ports 80 and 443 that the gateway of the platform needs', instead)];
};

interface Definition extends KubernetesObject {
  readonly spec?: { readonly versions?: readonly { readonly name: string; readonly schema?: object }[] };
}

const definitionOf = (cluster: Cluster, name: string) =>
  cluster.read<Definition>({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name });

/** What a definition allows: its versions, without prose, which hearth's own have none of. */
const shapeOf = ({ spec }: Definition): string =>
  JSON.stringify((spec?.versions ?? []).map(({ name, schema }) => [name, withoutProse(schema)]));

function withoutProse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutProse);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, inner]) => key !== 'description' || typeof inner !== 'string');
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, withoutProse(inner)] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Which Helm release an object is of. */
function releaseOf({ metadata: { annotations = {} } }: KubernetesObject): string | undefined {
  const name = annotations['meta.helm.sh/release-name'];
  return name && `${annotations['meta.helm.sh/release-namespace'] ?? 'default'}/${name}`;
}

const gatewayDefinitions: Check<OfPlatformOnCluster> = async ({ platform, cluster }) => {
  if (platform.config.gateway === 'k3s-bundled') {
    if (await definitionOf(cluster, 'ingressroutes.traefik.io')) return [ok('custom resource definitions of traefik.io')];
    return [
      problem(
        'the cluster does not know the kinds of traefik.io, which come with the Traefik of k3s',
        'start k3s without --disable traefik, or write gateway: standalone',
      ),
    ];
  }
  const own: readonly Definition[] = definitions(platform);
  const found = await Promise.all(own.map(({ metadata }) => definitionOf(cluster, metadata.name)));
  const present = own.flatMap((definition, i) => (found[i] ? [{ definition, found: found[i] }] : []));
  if (present.length === 0) return [ok('hearth up brings the custom resource definitions of traefik.io')];
  const releases = [...new Set(present.flatMap((entry) => releaseOf(entry.found) ?? []))];
  const different = present.filter((entry) => shapeOf(entry.found) !== shapeOf(entry.definition));
  const owner =
    releases.length > 0
      ? `the custom resource definitions of traefik.io belong to the Helm release ${releases.join(', ')}`
      : undefined;
  if (different.length > 0) {
    const names = different.map(({ definition }) => definition.metadata.name).join(', ');
    return [
      warning(
        `${owner ? `${owner}, and differ` : 'custom resource definitions differ'} from those of hearth: ${names}`,
        'bring that Traefik to the version of hearth’s; hearth up --force replaces them',
      ),
    ];
  }
  if (owner !== undefined)
    return [warning(owner, 'they fit; but with that release they go, and with them every route of the platform: keep it')];
  return [ok('custom resource definitions of traefik.io, as hearth brings them')];
};

const externalSecrets: Check<OfPlatformOnCluster> = async ({ platform, cluster }) => {
  const { secrets, secretStore } = platform.config;
  if (secrets !== 'external') return [];
  if (!(await definitionOf(cluster, 'externalsecrets.external-secrets.io'))) {
    return [
      problem(
        'secrets: external, but the cluster has no External Secrets',
        'install it: https://external-secrets.io/latest/introduction/getting-started/, or write secrets: cluster',
      ),
    ];
  }
  const { kind, name } = secretStore;
  // The stores of the platform’s own are part of its manifests.
  if (kind !== 'ClusterSecretStore' || platform.graph.credentialStore) return [ok('External Secrets is there')];
  const store = await cluster.read({ apiVersion: 'external-secrets.io/v1', kind, name });
  if (store) return [ok(`External Secrets is there, with ${kind} ${name}`)];
  return [problem(`there is no ${kind} ${name}`, 'make it, or write its name as secretStore.name')];
};

const argoCd: Check<OfPlatformOnCluster> = async ({ platform, cluster }) => {
  if (!platform.config.argoCd) return [];
  if (await definitionOf(cluster, 'applications.argoproj.io')) return [ok('Argo CD is there')];
  return [
    warning('argoCd is set, but the cluster has no Argo CD', 'install it before you apply dist/argo-cd/; hearth up does without'),
  ];
};

export const platformOnClusterChecks: readonly Check<OfPlatformOnCluster>[] = [
  storage,
  gateway,
  gatewayDefinitions,
  externalSecrets,
  argoCd,
  capacity,
  disk,
];
