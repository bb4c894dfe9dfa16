import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './support/platforms';

test('npm test and its siblings take a path, and run that file alone', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const suites = Object.keys(scripts).filter((name) => /^test(:|$)/.test(name));
  expect(suites).toEqual(['test', 'test:api', 'test:config', 'test:cluster']);

  // As jest reads them: `--selectProjects` takes all words up to the next option.
  const read = `
    const commands = ${JSON.stringify(suites.map((suite) => `${scripts[suite]} test/one.test.ts`))};
    const said = commands.map((command) => require('jest').buildArgv(command.split(' ').slice(1)));
    Promise.all(said).then((all) => console.log(JSON.stringify(all.map(({ selectProjects, _ }) => [selectProjects, _]))));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', read], { cwd: root, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual(['unit', 'api', 'config', 'cluster'].map((project) => [[project], ['test/one.test.ts']]));
});
