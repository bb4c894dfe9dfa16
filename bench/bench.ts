import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Whole processes, from start to end: synth of geoai and of synthetic platforms, against `kustomize build` and
 * `helm template` of the same manifests where they are on PATH. Prints medians and ratios; it judges nothing.
 */
const runs = 5;
const folder = mkdtempSync(join(tmpdir(), 'hearth-bench-'));
const node = (...args: string[]) => [process.execPath, '--import', 'tsx', ...args];

interface Measure {
  readonly seconds: number;
  /** Peak memory in MiB; undefined without GNU time. */
  readonly memory?: number;
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const onPath = (program: string) => spawnSync(program, ['version'], { stdio: 'ignore' }).error === undefined;
const gnuTime = spawnSync('/usr/bin/time', ['-f', '%M', 'true'], { encoding: 'utf8' }).status === 0;

/** Median of some runs after one that does not count. */
function measure(command: string[], cwd = '.'): Measure {
  const results = Array.from({ length: runs + 1 }, () => {
    const [program = '', ...args] = gnuTime ? ['/usr/bin/time', '-f', 'peak %M', ...command] : command;
    const start = process.hrtime.bigint();
    const { status, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
    const peak = /peak (\d+)/.exec(stderr)?.[1];
    return { seconds, memory: peak === undefined ? undefined : Number(peak) / 1024 };
  }).slice(1);
  const memory = results.flatMap((result) => result.memory ?? []);
  return {
    seconds: median(results.map(({ seconds }) => seconds)),
    ...(memory.length > 0 ? { memory: median(memory) } : {}),
  };
}

/** A folder in which `main.ts` synthesizes the given platform file only. */
function workspaceOf(platform: string): string {
  const workspace = join(folder, platform);
  mkdirSync(join(workspace, 'platforms'), { recursive: true });
  copyFileSync(join('platforms', `${platform}.yaml`), join(workspace, 'platforms', `${platform}.yaml`));
  symlinkSync(resolve('node_modules'), join(workspace, 'node_modules'));
  return workspace;
}

/** The manifests of a folder as a kustomization and as a chart, and the commands that render them. */
function rivals(name: string, manifests: string): [name: string, command: string[]][] {
  const [kustomization, chart] = [join(folder, `${name}-kustomization`), join(folder, `${name}-chart`)];
  mkdirSync(kustomization);
  mkdirSync(join(chart, 'templates'), { recursive: true });
  const files = readdirSync(manifests, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  const flat = files.map((file) => file.replaceAll('/', '-'));
  files.forEach((file, i) => {
    const content = readFileSync(join(manifests, file), 'utf8');
    writeFileSync(join(kustomization, flat[i] ?? ''), content);
    writeFileSync(join(chart, 'templates', flat[i] ?? ''), content);
  });
  writeFileSync(join(kustomization, 'kustomization.yaml'), `resources:\n${flat.map((file) => `- ${file}\n`).join('')}`);
  writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: bench\nversion: 0.1.0\n');
  const commands: [string, string[]][] = [
    ['kustomize', ['kustomize', 'build', kustomization]],
    ['helm', ['helm', 'template', 'bench', chart]],
  ];
  return commands.filter(([program]) => onPath(program));
}

function objectsIn(manifests: string): number {
  const files = readdirSync(manifests, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  return files.flatMap((file) => readFileSync(join(manifests, file), 'utf8').match(/^kind: /gm) ?? []).length;
}

function report(name: string, manifests: string, synth: Measure): void {
  const line = ({ seconds, memory }: Measure) =>
    `${seconds.toFixed(2)} s${memory === undefined ? '' : `, ${memory.toFixed(0)} MiB`}`;
  console.log(`${name}: ${objectsIn(manifests)} objects, synth ${line(synth)}`);
  for (const [rival, command] of rivals(name, manifests)) {
    const other = measure(command);
    console.log(`  ${rival} ${line(other)}; synth takes ${(synth.seconds / other.seconds).toFixed(2)} times as long`);
  }
}

try {
  const workspace = workspaceOf('geoai');
  report('geoai', join(workspace, 'dist/geoai'), measure(node(resolve('main.ts')), workspace));
  for (const objects of [100, 1000, 10_000]) {
    const output = join(folder, `synthetic-${objects}`);
    report(`synthetic-${objects}`, output, measure(node('bench/synthetic.ts', String(objects), output)));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
