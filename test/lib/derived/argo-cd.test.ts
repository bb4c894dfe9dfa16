import { all, find, objectsOf } from '../../support/objects';
import { geoai } from '../../support/platforms';

const argoCd = { repository: 'https://git.hearth.dev/platform.git', revision: 'release', namespace: 'argo' };
const objects = objectsOf(geoai({ argoCd }));
const applications = all(objects, 'Application');
const server = 'https://kubernetes.default.svc';

test('without the setting there is nothing for Argo CD', () => {
  expect(objectsOf(geoai()).filter(({ apiVersion }) => apiVersion.startsWith('argoproj.io'))).toEqual([]);
});

test('one application for what is cluster-wide and one for each tier, in waves', () => {
  expect(
    applications.map(({ metadata, spec }) => [
      metadata.name,
      metadata.annotations['argocd.argoproj.io/sync-wave'],
      spec.source.path,
      spec.destination.namespace,
    ]),
  ).toEqual([
    ['geoai-00-cluster', '0', 'dist/geoai/00-cluster', 'geoai-gateway'],
    ['geoai-01-gateway', '1', 'dist/geoai/01-gateway', 'geoai-gateway'],
    ['geoai-04-data', '4', 'dist/geoai/04-data', 'geoai-data'],
    ['geoai-08-ai', '8', 'dist/geoai/08-ai', 'geoai-ai'],
    ['geoai-09-tooling', '9', 'dist/geoai/09-tooling', 'geoai-tooling'],
  ]);
});

test('every application applies on the server, prunes and heals, from the repository that the file names', () => {
  for (const { metadata, spec } of applications) {
    expect(metadata.namespace).toBe('argo');
    expect(spec).toMatchObject({
      project: 'geoai',
      source: { repoURL: 'https://git.hearth.dev/platform.git', targetRevision: 'release' },
      destination: { server },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    });
    expect(spec.syncPolicy.syncOptions).toContain('ServerSideApply=true');
  }
});

test('the project reaches the namespaces of the platform and no other', () => {
  const { spec } = find(objects, 'AppProject', 'geoai');
  expect(spec.sourceRepos).toEqual(['https://git.hearth.dev/platform.git']);
  expect(spec.destinations).toEqual(
    ['geoai-gateway', 'geoai-data', 'geoai-ai', 'geoai-tooling'].map((namespace) => ({ server, namespace })),
  );
});

test('with the gateway that k3s brings also its namespace', () => {
  const { spec } = find(objectsOf(geoai({ argoCd, gateway: 'k3s-bundled' })), 'AppProject', 'geoai');
  expect(spec.destinations.map(({ namespace }) => namespace)).toContain('kube-system');
});

test('the project may make every cluster-scoped kind that the platform has', () => {
  const { spec } = find(objects, 'AppProject', 'geoai');
  const allowed = spec.clusterResourceWhitelist.map(({ kind }) => kind);
  const kinds = new Set(objects.filter(({ metadata }) => !metadata.namespace).map(({ kind }) => kind));
  expect(kinds.size).toBeGreaterThan(2);
  for (const kind of [...kinds, 'CustomResourceDefinition']) expect(allowed).toContain(kind);
});

test('what holds data is neither pruned nor deleted', () => {
  const option = 'argocd.argoproj.io/sync-options';
  const kept = [
    ...all(objects, 'Namespace'),
    ...all(objects, 'StatefulSet').flatMap(({ spec }) => spec.volumeClaimTemplates),
    ...all(objectsOf(acme()), 'PersistentVolumeClaim'),
  ];
  expect(kept).toHaveLength(4 + 3 + 1);
  for (const { metadata } of kept) expect(metadata.annotations[option]).toBe('Prune=false,Delete=false');
});

test('what a backup stops for a while is not healed', () => {
  const target = { endpoint: 'https://s3.hearth.dev', bucket: 'backups' };
  const ignored = all(objectsOf(geoai({ argoCd }, { backup: { target } })), 'Application').flatMap(({ metadata, spec }) =>
    spec.ignoreDifferences ? [[metadata.name, spec.ignoreDifferences, spec.syncPolicy.syncOptions]] : [],
  );
  const hbbs = { group: 'apps', kind: 'StatefulSet', name: 'hbbs', namespace: 'geoai-tooling' };
  expect(ignored).toEqual([
    [
      'geoai-09-tooling',
      [{ ...hbbs, jsonPointers: ['/spec/replicas'] }],
      ['ServerSideApply=true', 'RespectIgnoreDifferences=true'],
    ],
  ]);
});

function acme() {
  return geoai({ domain: 'geoai.hearth.dev', tls: { mode: 'lets-encrypt', email: 'ops@hearth.dev' } });
}
