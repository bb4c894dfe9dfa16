import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as YAML from 'yaml';
import { inputOf, textOf } from './platform-input';

const root = join(__dirname, '../..');
const geoai = readFileSync(join(root, 'platforms/geoai.yaml'), 'utf8');
const changed = (change: (document: YAML.Document) => void) => {
  const document = YAML.parseDocument(geoai);
  change(document);
  return document.toString();
};

test('a platform as its file says is that file', () => {
  expect(inputOf(root, geoai)).toBe('platforms/geoai.yaml');
  expect(textOf(root, 'platforms/geoai.yaml')?.file).toBe('geoai.yaml');
  expect(YAML.parse(textOf(root, 'platforms/geoai.yaml')?.text ?? '')).toEqual(YAML.parse(geoai));
});

test('what a suite changed is said, and the platform can be made again from that', () => {
  const text = changed((document) => {
    document.deleteIn(['services', 'homepage']);
    document.setIn(['services', 'minio'], { servers: 4 });
  });
  const input = inputOf(root, text);
  expect(input).toBe('platforms/geoai.yaml with {"set":{"/services/minio":{"servers":4}},"remove":["/services/homepage"]}');
  expect(YAML.parse(textOf(root, input)?.text ?? '')).toEqual(YAML.parse(text));
});

test('a platform without a file is all said', () => {
  const text = 'name: nobody\ndomain: a.arpa\nservices: { traefik: {} }\n';
  const input = inputOf(root, text);
  expect(input).toMatch(/^nothing with /);
  expect(YAML.parse(textOf(root, input)?.text ?? '')).toEqual(YAML.parse(text));
});

test('what differs in every run is not said: API server, local ports, certificates', () => {
  const run = (port: number) =>
    changed((document) => {
      document.setIn(['network', 'apiServer'], [`10.0.0.${port}/32`]);
      document.setIn(['services', 'vault'], {
        unseal: {
          address: `https://127.0.0.1:${port}`,
          ca: `-----BEGIN CERTIFICATE-----\nAB${port}\n-----END CERTIFICATE-----\n`,
        },
      });
    });
  expect(inputOf(root, run(1))).toBe(inputOf(root, run(2)));
  expect(inputOf(root, run(1))).not.toMatch(/10\.0\.0|AB1/);
});

test('a platform whose file is gone cannot be made again', () => {
  expect(textOf(root, 'platforms/gone.yaml')).toBeUndefined();
});
