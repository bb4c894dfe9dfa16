import { Script } from 'node:vm';
import * as YAML from 'yaml';
import { build, objectsOf, platformFiles } from '../api/support/platforms';
import { findProgram, run } from '../api/support/programs';
import type { Container } from '../support/kubernetes';
import { all, containersOf, podsOf } from '../support/objects';

/** Every shell at hand: the images have dash, bash or the one of busybox. `sh` is there wherever these tests run. */
const shells = [['sh'], ['dash'], ['bash', '--posix'], ['busybox', 'sh']].filter(([shell = '']) => findProgram(shell));

/**
 * What has no program of its own to check it, or whose program cannot be had: shell scripts and inline scripts are parsed,
 * not run; for Homepage's pages and the values of the k3s chart, only that they are YAML of the right form is seen.
 */
describe.each(platformFiles().map((source) => [source.name, source] as const))('texts of %s', (_name, source) => {
  const objects = objectsOf(build(source));
  const files = all(objects, 'ConfigMap').flatMap(({ metadata, data }) =>
    Object.entries(data).map(([file, text]) => ({ file: `${metadata.name}/${file}`, text })),
  );
  const commands = podsOf(objects).flatMap(({ owner, template }) =>
    containersOf(template).flatMap((container) =>
      commandsOf(container).map((command) => ({ of: `${owner} ${container.name}`, command })),
    ),
  );

  test('shell scripts parse in every shell', async () => {
    const scripts = [
      ...files.filter(({ file }) => file.endsWith('.sh')).map(({ file, text }) => ({ of: file, text })),
      ...commands.flatMap(({ of, command: [program, option, text] }) =>
        program === 'sh' && option === '-c' && text !== undefined ? [{ of, text }] : [],
      ),
    ];
    expect(scripts.length).toBeGreaterThan(0);
    for (const { of, text } of scripts) {
      for (const [shell = '', ...options] of shells) {
        const result = await run(shell, [...options, '-n'], { input: text });
        expect({ of, shell, ...result }).toEqual({ of, shell, code: 0, stdout: '', stderr: '' });
      }
    }
  });

  test('inline JavaScript parses', () => {
    for (const { of, command } of commands) {
      const [program, option, text = ''] = command;
      if (program === 'node' && option === '-e') expect(() => new Script(text, { filename: of })).not.toThrow();
    }
  });

  test('YAML and JSON files parse', () => {
    for (const { file, text } of files) {
      if (file.endsWith('.yaml')) expect(() => YAML.parse(text, { strict: true }) as unknown).not.toThrow();
      if (file.endsWith('.json')) expect(() => JSON.parse(text) as unknown).not.toThrow();
    }
  });

  test('the pages of Homepage are lists and maps where it expects them', () => {
    const homepage = all(objects, 'ConfigMap').find(({ metadata }) => metadata.name === 'homepage');
    if (!homepage) return;
    const parsed = (file: string) => YAML.parse(homepage.data[file] ?? '') as unknown;
    for (const file of ['services.yaml', 'widgets.yaml', 'bookmarks.yaml']) {
      expect([file, Array.isArray(parsed(file))]).toEqual([file, true]);
    }
    for (const file of ['settings.yaml', 'kubernetes.yaml', 'docker.yaml']) {
      expect([file, parsed(file)]).toEqual([file, expect.any(Object)]);
      expect([file, Array.isArray(parsed(file))]).toEqual([file, false]);
    }
  });

  test('the values of the bundled chart are a map', () => {
    for (const { spec } of all(objects, 'HelmChartConfig')) {
      expect(YAML.parse(spec.valuesContent)).toMatchObject({
        additionalArguments: expect.arrayContaining([expect.stringMatching(/^--/)]) as string[],
        ports: expect.any(Object) as object,
      });
    }
  });
});

/** Everything that a container is told to start. */
function commandsOf(container: Container): string[][] {
  const { command, lifecycle } = container as Partial<Container>;
  return [command, lifecycle?.postStart?.exec?.command].filter((found) => found !== undefined);
}
