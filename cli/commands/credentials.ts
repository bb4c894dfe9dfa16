import { Option, type Command } from 'commander';
import type { Platform } from '../../lib/core/platform';
import type { Cluster } from '../cluster/cluster';
import { copyIn } from '../credentials/copy';
import { isRotating } from '../credentials/examine';
import { fileStore } from '../credentials/file-store';
import { makeMissing } from '../credentials/making';
import { ownEntries } from '../credentials/own-store';
import { requestOf } from '../credentials/plan';
import { rotate } from '../credentials/rotation';
import { explainExternal, showValues } from '../credentials/show';
import { finishRotations } from '../credentials/taking-over';
import { Refusal } from '../refusal';
import { clusterCommand, clusterOf, platformOf } from '../target';
import type { World } from '../world';

export { finishRotations };

interface CredentialsOptions {
  readonly show?: boolean;
  readonly file?: string;
  readonly export?: string;
  readonly rotate?: string;
  readonly context?: string;
  readonly yes?: boolean;
}

/** `credentials`: the Secrets of a platform, and their values. */
export const credentialsCommand = (world: World): Command =>
  clusterCommand('credentials', 'make the Secrets that are missing; show, copy or rotate their values')
    .option('--show', 'print the values')
    .addOption(
      new Option('--file <file>', 'write the Secrets to a file rather than to the cluster').conflicts([
        'context',
        'export',
        'rotate',
      ]),
    )
    .addOption(new Option('--export <file>', 'write a copy of all Secrets to a file as well').conflicts('rotate'))
    .addOption(
      new Option('--rotate <credential>', 'give a credential new values, in the Secrets and in the programs').conflicts('show'),
    )
    .option('--yes', 'do not ask before a rotation')
    .action(async (name: string, options: CredentialsOptions) => {
      const platform = platformOf(world, name);
      const { config } = platform;
      if (config.secrets === 'external' && options.rotate === undefined) {
        if (options.export === undefined) return inStore(world, platform, options.context);
        const { kind, name: store } = config.secretStore;
        throw new Refusal(`the values of ${name} come from ${kind} ${store}: keep copies of that store instead`);
      }
      if (options.file !== undefined) return inFile(world, platform, options.file, options.show ?? false);
      const cluster = await clusterOf(world, platform, options.context);
      if (options.rotate === undefined) return inCluster(world, cluster, platform, options);
      world.out(cluster.title);
      await rotate(world, cluster, platform, options.rotate, options.yes);
    });

/** Makes the Secrets that a cluster lacks; with `secrets: external` those alone that the store needs itself. */
export async function makeCredentials(world: World, cluster: Cluster, platform: Platform): Promise<void> {
  if (platform.config.secrets !== 'external') return void (await makeMissing(world, platform, cluster.secrets));
  const credentials = platform.graph.credentials.filter(({ bootstrap }) => bootstrap);
  if (credentials.length > 0) await makeMissing(world, platform, cluster.secrets, { credentials });
}

/** Makes the values that the platform's own store lacks, where it has one that External Secrets reads. */
export async function fillStore(world: World, cluster: Cluster, platform: Platform): Promise<void> {
  const own = platform.graph.credentialStore;
  if (!own) return;
  const credentials = platform.graph.credentials.filter(({ bootstrap }) => !bootstrap);
  const entries = ownEntries(cluster, platform, own);
  // What the cluster held before moves into the store.
  const { changes } = await makeMissing(world, platform, entries, { credentials, elsewhere: cluster.secrets });
  world.out(changes.length === 0 ? `${entries.title}: nothing was missing.` : `in ${entries.title}`);
}

/** With `secrets: external`: what the store needs itself is made in the cluster, the rest belongs into the store. */
async function inStore(world: World, platform: Platform, context: string | undefined): Promise<void> {
  if (!platform.graph.credentialStore) explainExternal(platform).forEach((line) => world.out(line));
  if (!platform.graph.credentials.some(({ bootstrap }) => bootstrap)) return;
  const cluster = await clusterOf(world, platform, context);
  world.out(cluster.title);
  await makeCredentials(world, cluster, platform);
  await fillStore(world, cluster, platform);
}

async function inFile(world: World, platform: Platform, file: string, show: boolean): Promise<void> {
  const say = sayer(world, show);
  const store = fileStore(file, world.root);
  say(store.title);
  const made = await makeMissing(world, platform, store, { say });
  if (made.changes.length === 0) say('Nothing was missing.');
  else {
    say(`Apply the file: kubectl apply --server-side -f ${file}`);
    say('Keep it in a safe place: values that are lost cannot be made again.');
  }
  if (show) showValues(platform, made.values, world.terminal).forEach((line) => world.out(line));
}

async function inCluster(world: World, cluster: Cluster, platform: Platform, options: CredentialsOptions): Promise<void> {
  const { show = false, export: file } = options;
  const say = sayer(world, show);
  const copy = file === undefined ? undefined : await copyIn(file, platform, world.root);
  say(cluster.title);
  const made = await makeMissing(world, platform, cluster.secrets, {
    say,
    check: ({ values }) => copy?.problems(values) ?? [],
  });
  if (made.changes.length === 0) say('Nothing was missing.');
  if (copy) {
    say(`wrote ${await copy.write(made.values)} Secrets to ${file}`);
    say('Keep it in a safe place; kubectl create -f puts back those that are lost.');
  }
  if (!show) return void (await finishRotations(world, cluster, platform));
  showValues(platform, made.values, world.terminal).forEach((line) => world.out(line));
  const snapshot = await cluster.secrets.read(requestOf(platform));
  const begun = platform.graph.credentials.filter((credential) => isRotating(credential, snapshot));
  for (const { name } of begun) {
    world.err(`note: the rotation of ${name} is not finished: npx hearth credentials ${platform.config.name} goes on with it`);
  }
}

/** With --show, standard output belongs to the values. */
const sayer = (world: World, show: boolean) => (line: string) => (show ? world.err(line) : world.out(line));
