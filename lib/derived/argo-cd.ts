import { Application, AppProject } from '../../imports/argoproj.io';
import { gateway } from '../core/gateway';
import { kinds } from '../core/kinds';
import { ManifestFile } from '../core/manifest-file';
import type { Platform } from '../core/platform';
import { tiers } from '../core/tier';
import { clusterFolder } from './cluster-wide';

/** Folder below `dist/` for what Argo CD itself is told. */
export const argoCdFolder = 'argo-cd';

/**
 * One project for the platform, and one application for the cluster-wide objects and for each tier, in sync waves.
 * https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/
 */
export function argoCd(platform: Platform): void {
  const { argoCd: settings, name } = platform.config;
  if (!settings) return;
  const file = new ManifestFile(platform, argoCdFolder, {
    folder: argoCdFolder,
    file: name,
    namespace: settings.namespace,
  });
  const server = 'https://kubernetes.default.svc';
  const namespaces = [...new Set([...platform.tiers.map((tier) => tier.namespace), platform.provider(gateway).peer.namespace])];
  new AppProject(file, 'project', {
    metadata: { name },
    spec: {
      description: `The platform ${name}`,
      sourceRepos: [settings.repository],
      destinations: namespaces.map((namespace) => ({ server, namespace })),
      clusterResourceWhitelist: kinds
        .filter(({ clusterScoped }) => clusterScoped)
        .map(({ apiVersion, kind }) => ({ group: apiVersion.split('/').slice(0, -1).join(), kind }))
        .sort((a, b) => (a.group < b.group ? -1 : 1)),
      orphanedResources: { warn: false },
    },
  });
  const applications = [
    { id: clusterFolder, wave: 0, namespace: platform.tiers[0]?.namespace },
    ...platform.tiers.map((tier) => ({
      id: tier.numbered,
      wave: tiers[tier.name].number,
      namespace: tier.namespace,
    })),
  ];
  for (const { id, wave, namespace } of applications) {
    // Backups stop these for a while, which must not be healed.
    const stopped = platform.graph.backups
      .filter(({ volume, workload }) => volume.archived && workload.namespace === namespace && id !== clusterFolder)
      .map(({ workload: { kind, name } }) => ({
        group: 'apps',
        kind,
        name,
        namespace,
        jsonPointers: ['/spec/replicas'],
      }));
    new Application(file, id, {
      metadata: {
        name: `${name}-${id}`,
        annotations: { 'argocd.argoproj.io/sync-wave': String(wave) },
      },
      spec: {
        project: name,
        source: {
          repoUrl: settings.repository,
          targetRevision: settings.revision,
          path: `dist/${name}/${id}`,
          directory: { recurse: true },
        },
        destination: { server, namespace },
        ...(stopped.length > 0 ? { ignoreDifferences: stopped } : {}),
        syncPolicy: {
          automated: { prune: true, selfHeal: true },
          syncOptions: ['ServerSideApply=true', ...(stopped.length > 0 ? ['RespectIgnoreDifferences=true'] : [])],
          // Kinds and namespaces of an earlier wave may not be known yet.
          retry: { limit: 10, backoff: { duration: '10s', factor: 2, maxDuration: '5m' } },
        },
      },
    });
  }
}
