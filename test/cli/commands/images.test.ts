import { images } from '../../../lib/images';
import { commandLine } from '../command-line';
import { hearthFolder } from '../world';

const mirrors = '\nimages: { mirrors: { docker.io: registry.hearth.dev/hub } }\n';

test('lists every image once, one a line, as nodes pull it', async () => {
  const { code, out, err } = await commandLine(['images', 'home'], { root: hearthFolder(mirrors) });
  expect([code, err]).toEqual([0, '']);
  const lines = out.trimEnd().split('\n');
  expect(lines).toEqual([...new Set(lines)].sort());
  expect(lines).toContain(images.mlflow);
  expect(lines).toContain(images.minio.replace('docker.io', 'registry.hearth.dev/hub'));
  expect(lines.filter((line) => line.startsWith('docker.io'))).toEqual([]);
});

test('JSON says where each comes from, and which services run it', async () => {
  const { out } = await commandLine(['images', 'home', '-o', 'json'], { root: hearthFolder(mirrors) });
  const found = JSON.parse(out) as { original: string }[];
  expect(found.find(({ original }) => original === images.minioClient)).toEqual({
    image: images.minioClient.replace('docker.io', 'registry.hearth.dev/hub'),
    original: images.minioClient,
    services: ['minio', 'mlflow'],
  });
});
