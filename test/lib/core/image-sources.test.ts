import { pulledImage } from '../../../lib/core/image-sources';
import { containersOf, objectsOf, podsOf } from '../../support/objects';
import { labWith, refusedWith } from '../../support/lab';

const { config } = labWith([], 'traefik: {}');
const from = (image: string, mirrors: Record<string, string>, registry?: string) =>
  pulledImage({ ...config, images: { mirrors, registry, pullSecrets: [] } }, image);

test.each<[image: string, mirrors: Record<string, string>, registry: string | undefined, pulled: string]>([
  ['quay.io/coreos/etcd:v3', {}, undefined, 'quay.io/coreos/etcd:v3'],
  ['quay.io/coreos/etcd:v3', {}, 'r.dev/all', 'r.dev/all/coreos/etcd:v3'],
  ['quay.io/coreos/etcd:v3', { 'quay.io': 'r.dev/quay' }, 'r.dev/all', 'r.dev/quay/coreos/etcd:v3'],
  ['docker.io/a/b:1', { 'quay.io': 'r.dev/quay' }, 'r.dev:5000', 'r.dev:5000/a/b:1'],
  ['quay.io/coreos/etcd:v3', { 'quay.io': 'r.dev/q', 'quay.io/coreos': 's.dev' }, undefined, 's.dev/etcd:v3'],
  ['quay.io/coreos/etcd:v3', { 'quay.io/core': 's.dev', 'quay.i': 's.dev' }, undefined, 'quay.io/coreos/etcd:v3'],
  ['quay.io/coreos/etcd@sha256:0', { 'quay.io/coreos/etcd': 's.dev/e' }, undefined, 's.dev/e@sha256:0'],
  ['busybox:1.37', { 'docker.io': 'r.dev' }, undefined, 'r.dev/library/busybox:1.37'],
  ['restic/restic', { 'docker.io/restic': 'r.dev' }, undefined, 'r.dev/restic'],
  ['localhost/a:1', { 'docker.io': 'r.dev' }, undefined, 'localhost/a:1'],
  ['r.dev:5000/a:1', { 'r.dev:5000': 's.dev' }, undefined, 's.dev/a:1'],
])('%s with %j and %s is pulled as %s', (image, mirrors, registry, pulled) => {
  expect(from(image, mirrors, registry)).toBe(pulled);
});

test('all pods pull from there, with the Secrets for it', () => {
  const platform = labWith(
    ['images: { registry: r.dev/all, pullSecrets: [registry] }'],
    'traefik: {}',
    'mng-pg: { replicas: 3, image: "docker.io/own/pg:17" }',
    'backup: { target: { endpoint: "https://s3.hearth.dev", bucket: lab } }',
  );
  const pods = podsOf(objectsOf(platform));
  const images = pods.flatMap(({ template }) => containersOf(template).map(({ image }) => image));
  expect(images.filter((image) => !image.startsWith('r.dev/all/'))).toEqual([]);
  expect(images).toContain('r.dev/all/own/pg:17');
  expect(pods.length).toBeGreaterThan(5);
  for (const { template } of pods) expect(template.spec).toMatchObject({ imagePullSecrets: [{ name: 'registry' }] });
});

test('without these words there is nothing of them', () => {
  const pods = podsOf(objectsOf(labWith([], 'traefik: {}')));
  for (const { template } of pods) expect(template.spec).not.toHaveProperty('imagePullSecrets');
});

test.each<[setting: string, message: string]>([
  [
    '{ registry: "https://r.dev" }',
    'images.registry: must be a host, with a port and a path if need be, and nothing before it; write for example registry.my-company.org/hearth',
  ],
  [
    '{ mirrors: { docker.io: r.dev/ } }',
    'images.mirrors.docker.io: must be a host, with a port and a path if need be, and nothing before it; write for example registry.my-company.org/docker',
  ],
  ['{ pullSecret: a }', 'images.pullSecret: is not known here; did you mean "pullSecrets"?'],
])('images: %s is refused', (setting, message) => {
  expect(refusedWith([`images: ${setting}`], 'traefik: {}')).toEqual([`lab.yaml:4  ${message}`]);
});
