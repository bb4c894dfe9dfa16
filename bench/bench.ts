import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { programWith } from './catalogue';

/**
 * Whole processes, from start to end: synth of geoai with a larger catalogue against the same with that of hearth; synth of geoai
 * and of synthetic platforms against `kustomize build` and `helm template` of the same manifests where they are on PATH. Prints
 * medians and ratios; it judges nothing.
 */
const runs = 5;
/** After that many seconds a run is given up. */
const patience = 60;
const folder = mkdtempSync(join(tmpdir(), 'hearth-bench-'));
const node = (...args: string[]) => [process.execPath, resolve('run.js'), ...args];

interface Measure {
  readonly seconds: number;
  /** Peak memory in MiB; undefined without GNU time. */
  readonly memory?: number;
  /** Processor time in seconds; undefined without GNU time. */
  readonly processor?: number;
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const onPath = (program: string) => spawnSync(program, ['version'], { stdio: 'ignore' }).error === undefined;
const gnuTime = spawnSync('/usr/bin/time', ['-f', '%M', 'true'], { encoding: 'utf8' }).status === 0;

/** One run; undefined where it was given up. */
function once(command: string[], cwd: string): Measure | undefined {
  const bounded = onPath('timeout') ? ['timeout', String(patience)] : [];
  const timed = gnuTime ? ['/usr/bin/time', '-f', 'peak %M processor %U %S'] : [];
  const [program = '', ...args] = [...bounded, ...timed, ...command];
  const start = process.hrtime.bigint();
  const { error, status, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (error) throw error;
  if (status === 124) return undefined;
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const [, peak, user, system] = /peak (\d+) processor (\S+) (\S+)/.exec(stderr) ?? [];
  if (peak === undefined) return { seconds };
  return { seconds, memory: Number(peak) / 1024, processor: Number(user) + Number(system) };
}

/** Median of some runs after one that does not count; undefined where that one was given up. */
function measure(command: string[], cwd = '.'): Measure | undefined {
  if (!once(command, cwd)) return undefined;
  const results = Array.from({ length: runs }, () => once(command, cwd)).filter((result) => result !== undefined);
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

function report(name: string, manifests: string, synth: Measure | undefined): void {
  if (!synth) throw new Error(`${name}: synth took more than ${patience} s`);
  const line = ({ seconds, memory }: Measure) =>
    `${seconds.toFixed(2)} s${memory === undefined ? '' : `, ${memory.toFixed(0)} MiB`}`;
  console.log(`${name}: ${objectsIn(manifests)} objects, synth ${line(synth)}`);
  for (const [rival, command] of rivals(name, manifests)) {
    const other = measure(command);
    if (!other) {
      console.log(`  ${rival} was given up after ${patience} s`);
      continue;
    }
    console.log(`  ${rival} ${line(other)}; synth takes ${(synth.seconds / other.seconds).toFixed(2)} times as long`);
  }
}

/**
 * What further components of the catalogue cost a platform that names none of them. Runs with them and without follow each other in
 * turn, so that what else the machine does meets both.
 */
function reportCatalogue(further: number, pairs: number): void {
  // Within the project, where run.js keeps bundles, as it does of main.ts.
  const programs = 'node_modules/.cache/bench';
  try {
    const output = join(folder, 'catalogue');
    const commands = [0, further].map((count) =>
      node(programWith(count, join(programs, String(count))), 'platforms/geoai.yaml', output),
    );
    // The first runs do not count: they make the bundles.
    const all = Array.from({ length: pairs + 1 }, () => commands.map((command) => once(command, '.'))).slice(1);
    const of = (which: number, value: (measure: Measure) => number) =>
      median(all.flatMap((pair) => pair[which] ?? []).map(value));
    const ratio = (value: (measure: Measure) => number) => `${(of(1, value) / of(0, value)).toFixed(2)} times`;
    const processor = gnuTime ? `, ${ratio((measure) => measure.processor ?? 0)} the processor time` : '';
    console.log(
      `geoai with ${further} further components in the catalogue: ${ratio(({ seconds }) => seconds)} the time${processor}`,
    );
  } finally {
    rmSync(programs, { recursive: true, force: true });
  }
}

try {
  reportCatalogue(100, 15);
  const workspace = workspaceOf('geoai');
  report('geoai', join(workspace, 'dist/geoai'), measure(node(resolve('main.ts')), workspace));
  for (const objects of [100, 1000, 10_000]) {
    const output = join(folder, `synthetic-${objects}`);
    report(`synthetic-${objects}`, output, measure(node('bench/synthetic.ts', String(objects), output)));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
