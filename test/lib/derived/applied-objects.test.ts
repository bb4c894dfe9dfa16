import { join } from 'node:path';
import * as YAML from 'yaml';
import { fromEach, loadPlatform } from '../../../lib/config/load';
import { waves } from '../../../lib/derived/applied-objects';
import { buildPlatform } from '../../../lib/build-platform';
import { distFiles } from '../../../lib/synth';
import { root } from '../../support/platforms';

/** Not by js-yaml, which wrote the files: another reader must find the same in them. */
const parse = (text: string) => YAML.parseAllDocuments(text).map((document) => document.toJS() as unknown);

const configs = ['platforms', 'test/platforms'].flatMap((folder) => fromEach(join(root, folder), loadPlatform));

describe.each(configs.map((config) => [config.name, config] as const))('%s', (name, config) => {
  const model = waves(buildPlatform(config));

  test('what is applied is what stands in dist/, in the order of its folders', () => {
    const written = [...distFiles(buildPlatform(config))].filter(([path]) => path.startsWith(`${name}/`));
    const folders = [...new Set(written.map(([path]) => path.split('/')[1] ?? ''))].sort();
    expect(model.map(({ folder }) => folder)).toEqual(folders);
    const text = (object: unknown) => JSON.stringify(object);
    expect(
      model
        .flatMap(({ objects }) => JSON.parse(JSON.stringify(objects)) as object[])
        .map(text)
        .sort(),
    ).toEqual(
      written
        .flatMap(([, content]) => parse(content))
        .map(text)
        .sort(),
    );
  });

  test('namespaces and kinds come before what needs them', () => {
    expect(model[0]?.folder).toBe('00-cluster');
    const namespaces = model[0]?.objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
    const used = model.slice(1).flatMap(({ objects }) => objects.flatMap(({ metadata }) => metadata.namespace ?? []));
    expect([...new Set(used)].filter((namespace) => namespace !== 'kube-system' && !namespaces?.includes(namespace))).toEqual([]);
  });
});
