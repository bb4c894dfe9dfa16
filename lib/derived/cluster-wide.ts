import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import * as YAML from 'yaml';
import { ManifestFile } from '../core/manifest-file';
import type { Platform } from '../core/platform';

/** Name of the folder of the cluster-wide objects: first in order, so that all else finds its namespace and its kinds. */
export const clusterFolder = '00-cluster';

function clusterFile(platform: Platform, file: string): ManifestFile {
  return new ManifestFile(platform, file, { folder: `${platform.config.name}/${clusterFolder}`, file });
}

/** Namespaces, priority classes, storage classes, and the CustomResourceDefinitions that the cluster does not bring. */
export function clusterWide(platform: Platform): void {
  namespaces(platform);
  priorityClasses(platform);
  storageClasses(platform);
  customResourceDefinitions(platform);
}

/** Deleting a namespace or a definition deletes what lives in it. */
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

/** The gateway that k3s brings comes with its definitions. */
function customResourceDefinitions(platform: Platform): void {
  const { gateway } = platform.config;
  if (gateway === 'k3s-bundled') return;
  const file = clusterFile(platform, 'traefik-crds');
  const documents = YAML.parseAllDocuments(readFileSync(join(__dirname, '../../crds/traefik.yaml'), 'utf8'));
  for (const document of documents) {
    const definition = document.toJS() as {
      apiVersion: string;
      kind: string;
      metadata: { name: string };
      spec: object;
    };
    new ApiObject(file, definition.metadata.name, {
      ...definition,
      metadata: { name: definition.metadata.name, annotations: kept },
    });
  }
}
