import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { k8s } from 'cdk8s-plus-28';
import { ManifestFile } from '../core/manifest-file';
import type { Platform } from '../core/platform';

/** Name of the folder of the cluster-wide objects: first in order, so that all else finds its namespace and its kinds. */
export const clusterFolder = '00-cluster';

function clusterFile(platform: Platform, file: string): ManifestFile {
  return new ManifestFile(platform, file, { folder: `${platform.config.name}/${clusterFolder}`, file });
}

/** Namespaces, priority classes and storage classes. */
export function clusterWide(platform: Platform): void {
  namespaces(platform);
  priorityClasses(platform);
  storageClasses(platform);
}

/** Deleting a namespace deletes what lives in it. */
const kept = { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' };

function namespaces(platform: Platform): void {
  const file = clusterFile(platform, 'namespaces');
  for (const { namespace } of platform.tiers) {
    new k8s.KubeNamespace(file, namespace, {
      metadata: {
        name: namespace,
        annotations: kept,
        labels: Object.fromEntries(
          ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
        ),
      },
    });
  }
}

function priorityClasses(platform: Platform): void {
  const file = clusterFile(platform, 'priority-classes');
  const classes = [
    {
      suffix: 'foundation',
      value: 100000,
      description: 'Gateway, sign-on, secrets, data and messages of the platform',
    },
    { suffix: 'service', value: 10000, description: 'What builds on the foundation of the platform' },
  ];
  for (const { suffix, value, description } of classes) {
    const name = `${platform.config.namespacePrefix}-${suffix}`;
    new k8s.KubePriorityClass(file, name, { metadata: { name }, value, description });
  }
}

function storageClasses(platform: Platform): void {
  const { storage, cluster } = platform.config;
  if (!storage.retain || storage.class || cluster === 'kubernetes') return;
  const file = clusterFile(platform, 'storage-classes');
  const name = `${platform.config.namespacePrefix}-retain`;
  // The class that k3s and kind bring deletes the data with the claim.
  new k8s.KubeStorageClass(file, name, {
    metadata: { name },
    provisioner: 'rancher.io/local-path',
    reclaimPolicy: 'Retain',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
}

/**
 * The CustomResourceDefinitions that the cluster does not bring itself, as path below `dist/` → content. They are copied
 * as they are in `crds/`: platforms on one cluster share them, so that nothing in them is of one platform.
 */
export function customResourceDefinitions(platform: Platform): [path: string, content: string][] {
  const { gateway, name } = platform.config;
  // The gateway that k3s brings comes with its definitions.
  if (gateway === 'k3s-bundled') return [];
  const definitions = readFileSync(join(__dirname, '../../crds/traefik.yaml'), 'utf8');
  return [[`${name}/${clusterFolder}/traefik-crds.k8s.yaml`, definitions]];
}
