import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadPlatform } from '../lib/config/load';
import { ConfigError, suggest } from '../lib/config/problem';
import { buildPlatform } from '../lib/build-platform';
import type { Platform } from '../lib/core/platform';
import { clusterStore } from './credentials/cluster-store';
import { fileStore } from './credentials/file-store';
import { plan, requestOf } from './credentials/plan';
import { explainExternal, showValues } from './credentials/show';
import { codeOf, idOf, messageOf, Refusal, type SecretStore } from './credentials/store';

const usage = `npm run credentials -- <platform> [--show] [--file FILE] [--context NAME]

Makes the Secrets of a platform that are missing, and never changes one that exists.
  --show          print the values
  --file FILE     write the Secrets to a file rather than to the cluster
  --context NAME  context of the kubeconfig; by default the current one`;

/** What the command has of the world. */
export interface World {
  /** Folder of hearth, with `platforms/` and `dist/`. */
  readonly root: string;
  /** True where people read the output. */
  readonly terminal: boolean;
  out(line: string): void;
  err(line: string): void;
  cluster(context?: string): Promise<SecretStore>;
}

/** Runs the command. What is wrong is explained on standard error. @returns the exit code */
export async function credentials(args: readonly string[], world: World): Promise<number> {
  try {
    return await run(args, world);
  } catch (error) {
    if (!(error instanceof Refusal) && !(error instanceof ConfigError)) throw error;
    world.err(error.message);
    return 1;
  }
}

async function run(args: readonly string[], world: World): Promise<number> {
  const { name, show, file, context, help } = parse(args);
  if (help) {
    world.out(usage);
    return 0;
  }
  const platform = build(name, world.root);
  if (platform.config.secrets === 'external') {
    explainExternal(platform).forEach((line) => world.out(line));
    return 0;
  }
  // With --show, standard output belongs to the values.
  const say = (line: string) => (show ? world.err(line) : world.out(line));
  const store = file === undefined ? await world.cluster(context) : fileStore(file, world.root);
  say(store.title);
  const result = await plan(platform, await store.read(requestOf(platform)));
  result.notices.forEach((notice) => world.err(`note: ${notice}`));
  if (result.problems.length > 0) {
    throw new Refusal([...result.problems, 'Nothing was changed.'].join('\n'));
  }
  await store.apply(result.changes);
  for (const change of result.changes) {
    say(`${change.existing ? 'completed' : 'made'} ${idOf(change)}: ${Object.keys(change.data).join(', ')}`);
  }
  if (result.changes.length === 0) say('Nothing was missing.');
  else if (file !== undefined) {
    say(`Apply the file: kubectl apply --server-side -f ${file}`);
    say('Keep it in a safe place: values that are lost cannot be made again.');
  }
  if (show) showValues(platform, result, world.terminal).forEach((line) => world.out(line));
  return 0;
}

function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        show: { type: 'boolean', default: false },
        file: { type: 'string' },
        context: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (positionals.length > 1) throw new Refusal(`one platform at a time, please\n\n${usage}`);
    if (values.file !== undefined && values.context !== undefined) {
      throw new Refusal('--file writes to no cluster; leave out --context');
    }
    return { name: positionals[0], ...values };
  } catch (error) {
    if (!String(codeOf(error)).startsWith('ERR_PARSE_ARGS')) throw error;
    throw new Refusal(`${messageOf(error)}\n\n${usage}`);
  }
}

function build(name: string | undefined, root: string): Platform {
  const folder = join(root, 'platforms');
  const known = readdirSync(folder).flatMap((file) => (file.endsWith('.yaml') ? [file.slice(0, -'.yaml'.length)] : []));
  if (name === undefined) throw new Refusal(`which platform? ${known.sort().join(', ')}\n\n${usage}`);
  if (!known.includes(name)) throw new Refusal(`there is no platforms/${name}.yaml; ${suggest(name, known)}`);
  return buildPlatform(loadPlatform(join(folder, `${name}.yaml`)));
}

async function main(): Promise<void> {
  process.exitCode = await credentials(process.argv.slice(2), {
    root: process.cwd(),
    terminal: process.stdout.isTTY,
    out: (line) => console.log(line),
    err: (line) => console.error(line),
    cluster: clusterStore,
  });
}

if (require.main === module) void main();
