import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { buildPlatform } from '../lib/build-platform';
import { loadPlatform } from '../lib/config/load';
import { suggest } from '../lib/core/problem';
import type { Component } from '../lib/core/component';
import type { Platform } from '../lib/core/platform';
import type { Cluster } from './cluster/cluster';
import { codeOf, exitCodes, messageOf, Refusal } from './refusal';
import type { World } from './world';

/** A command about one platform. */
export function platformCommand(name: string, description: string): Command {
  return new Command(name).description(description).argument('<platform>', 'name of a file in platforms/, without .yaml');
}

/** A command about one platform on a cluster. */
export function clusterCommand(name: string, description: string): Command {
  return platformCommand(name, description).option(
    '--context <name>',
    'context of the kubeconfig (default: kind-<platform> for kind, otherwise the current one)',
  );
}

/** The platforms that have a file. */
export function platformNames(root: string): string[] {
  const folder = join(root, 'platforms');
  const files = existsSync(folder) ? filesIn(folder) : [];
  return files.flatMap((file) => (file.endsWith('.yaml') ? [file.slice(0, -'.yaml'.length)] : [])).sort();
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw new Refusal(
      `${folder} is no folder that can be read (${codeOf(error) ?? messageOf(error)}); check it and its permissions`,
    );
  }
}

/** Builds the platform of that name; throws a ConfigError with what is wrong in its file. */
export function platformOf(world: World, name: string): Platform {
  const known = platformNames(world.root);
  if (known.length === 0) {
    throw new Refusal(`there is no platform file in ${join(world.root, 'platforms')}; make one: npx hearth init`);
  }
  if (!known.includes(name)) throw new Refusal(`there is no platforms/${name}.yaml; ${suggest(name, known)}`);
  return buildPlatform(loadPlatform(join(world.root, 'platforms', `${name}.yaml`), world.catalogue), world.catalogue);
}

/** The context that belongs to a platform; undefined for the current one. */
export async function contextOf(world: World, { config }: Platform, given?: string): Promise<string | undefined> {
  if (given !== undefined || config.cluster !== 'kind') return given;
  const own = `kind-${config.name}`;
  return (await world.contexts()).includes(own) ? own : undefined;
}

/** The cluster of a platform, once it has answered as an API server does. */
export async function clusterOf(world: World, platform: Platform, context?: string): Promise<Cluster> {
  const cluster = await world.cluster(await contextOf(world, platform, context));
  await cluster.version();
  return cluster;
}

/** The components of those names, in the order of the tiers; all of them where none is named. */
export function componentsOf(platform: Platform, names: readonly string[] = []): Component[] {
  const all = platform.tiers.flatMap((tier) => tier.components);
  return chosen(all, names, (name) => `${platform.config.name} has no component "${name}"`);
}

/**
 * What is named, or everything where nothing is, in the order that it has.
 * @param missing says that there is nothing of a name
 */
export function chosen<T extends { readonly name: string }>(
  all: readonly T[],
  names: readonly string[],
  missing: (name: string) => string,
): T[] {
  const known = all.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Refusal(unknown.map((name) => `${missing(name)}; ${suggest(name, known)}`).join('\n'));
  return names.length === 0 ? [...all] : all.filter(({ name }) => names.includes(name));
}

/** Asks before something is changed. @param yes the operator has said so already (--yes) */
export async function confirmed(world: World, question: string, yes: boolean | undefined): Promise<void> {
  if (yes) return;
  if (!world.ask) throw new Refusal(`${question} Nobody is here to answer: say --yes`, exitCodes.usage);
  if (!(await world.ask.confirm(question))) throw new Refusal('Nothing was changed.');
}
