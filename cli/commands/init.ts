import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { catalogue as ownCatalogue } from '../../lib/catalogue';
import { isPrivate } from '../../lib/config/cross-checks';
import { fileOf, onThisMachine, problemsOf, writePlatformFile, type ClusterKind, type Draft } from '../platform-file';
import { presets, select, sizeTitles, unsettled, type Selected, type Selection, type Size } from '../presets';
import { exitCodes, Refusal } from '../refusal';
import type { Asking, World } from '../world';

interface Flags {
  readonly preset?: string;
  readonly domain?: string;
  readonly contact?: string;
  readonly selfSigned?: boolean;
  readonly cluster?: ClusterKind;
  readonly size?: Size;
  readonly with?: readonly string[];
  readonly without?: readonly string[];
  readonly force?: boolean;
}

const clusters: Readonly<Record<ClusterKind, string>> = {
  k3s: 'one machine or a few, with k3s',
  kind: 'this machine, with Docker and kind',
  kubernetes: 'any other Kubernetes',
};

/** `init`: writes a platform file. */
export const initCommand = (world: World): Command =>
  new Command('init')
    .description('write a platform file; asks for what no option says')
    .argument('[name]', 'name of the platform, and of its file in platforms/')
    .addOption(new Option('--preset <name>', 'set of services to start from (default: geoai)').choices(Object.keys(presets)))
    .option('--with <services...>', 'further services; what they need comes along')
    .option('--without <services...>', 'services to leave out')
    .addOption(new Option('--cluster <kind>', 'what runs the platform').choices(Object.keys(clusters)))
    .option('--domain <name>', 'domain of the platform (default: <name>.localhost for kind, otherwise <name>.home.arpa)')
    .option('--contact <e-mail>', 'address for Let’s Encrypt, which issues the certificates of a public domain')
    .addOption(new Option('--self-signed', 'a public domain without Let’s Encrypt').conflicts('contact'))
    .addOption(new Option('--size <size>', 'volumes and memory (default: standard)').choices(Object.keys(sizeTitles)))
    .option('--force', 'replace a file that exists')
    .action(async (name: string | undefined, flags: Flags) => {
      const draft = world.ask ? await interview(world, world.ask, name, flags) : fromFlags(world, name, flags);
      const problems = problemsOf(draft).map(({ path, message }) => `${sourceOf(path)}: ${message}`);
      if (problems.length > 0) throw new Refusal([...problems, 'Nothing was written.'].join('\n'));
      writePlatformFile(world.root, draft);
      closing(draft, unsettled(world.catalogue ?? ownCatalogue)).forEach((line) => world.out(line));
    });

/** Without anybody to ask: the flags, or all that is missing at once. */
function fromFlags(world: World, name: string | undefined, flags: Flags): Draft {
  const { cluster, size = 'standard', selfSigned } = flags;
  const chosen = chooseServices(world, presetServices(flags.preset), flags);
  const domain = flags.domain ?? (name !== undefined && cluster ? defaultDomain(name, cluster) : undefined);
  const uncertain = domain !== undefined && !isPrivate(domain) && flags.contact === undefined && !selfSigned;
  const missing = [
    ...(name === undefined ? ['the name of the platform, for example: npx hearth init geoai'] : []),
    ...(cluster === undefined ? [`--cluster ${Object.keys(clusters).join('|')}`] : []),
    ...(uncertain ? [`--contact <e-mail>, for the certificates of ${domain} (or --self-signed)`] : []),
    ...(name !== undefined && exists(world, name) && !flags.force ? [`--force, since ${fileOf(name)} exists`] : []),
  ];
  if (name === undefined || cluster === undefined || domain === undefined || missing.length > 0) {
    const lines = ['Nobody is here to answer. Missing:', ...missing.map((what) => `  ${what}`)];
    throw new Refusal([...chosen.problems, ...lines].join('\n'), exitCodes.usage);
  }
  refuse(chosen);
  chosen.added.forEach((line) => world.out(line));
  if (flags.domain === undefined) world.out(explained(domain));
  return { name, cluster, domain, contact: contactOf(world, domain, flags.contact), services: chosen.services, size };
}

/** Asks for what the flags leave open. */
async function interview(world: World, ask: Asking, given: string | undefined, flags: Flags): Promise<Draft> {
  const name = given ?? (await ask.input('Name of the platform', { default: 'geoai', check: checkOf('name') }));
  if (exists(world, name) && !flags.force && !(await ask.confirm(`${fileOf(name)} exists. Replace it?`))) {
    throw new Refusal('Nothing was changed.');
  }
  const chosen = chooseServices(world, await askServices(world, ask, flags), flags);
  refuse(chosen);
  chosen.added.forEach((line) => world.out(line));
  const cluster = flags.cluster ?? (await ask.select('What runs it?', choicesOf(clusters)));
  const domain = flags.domain ?? (await askDomain(world, ask, defaultDomain(name, cluster)));
  const contact = flags.contact ?? (isPrivate(domain) || flags.selfSigned ? undefined : await askContact(ask, domain));
  const size = flags.size ?? (await ask.select<Size>('How large?', choicesOf(sizeTitles)));
  return { name, cluster, domain, contact: contactOf(world, domain, contact), services: chosen.services, size };
}

async function askServices(world: World, ask: Asking, { preset }: Flags): Promise<readonly string[]> {
  if (preset !== undefined) return presetServices(preset);
  const sets = Object.entries(presets).map(([name, { title, services }]) => ({ name: `${name}: ${title}`, value: services }));
  const chosen = await ask.select<readonly string[] | undefined>('Which services?', [
    ...sets,
    { name: 'choose one by one', value: undefined },
  ]);
  if (chosen) return chosen;
  const catalogue = world.catalogue ?? ownCatalogue;
  const entries = Object.entries(catalogue).filter(([name]) => !unsettled(catalogue).includes(name));
  return ask.checkbox(
    'Services',
    entries.map(([value, load]) => ({ name: load().title, value })),
  );
}

function askDomain(world: World, ask: Asking, standard: string): Promise<string> {
  world.out(explained(standard));
  return ask.input('Domain', { default: standard, check: checkOf('domain') });
}

async function askContact(ask: Asking, domain: string): Promise<string | undefined> {
  const check = checkOf('contact', { domain });
  const answer = await ask.input('E-mail address for Let’s Encrypt (nothing: self-signed certificates)', {
    check: (text) => text === '' || check(text),
  });
  return answer === '' ? undefined : answer;
}

const choicesOf = <Key extends string>(titles: Readonly<Record<Key, string>>) =>
  Object.entries<string>(titles).map(([key, title]) => ({ name: `${key}: ${title}`, value: key as Key }));

const presetServices = (preset = 'geoai'): readonly string[] => presets[preset]?.services ?? [];

function chooseServices(world: World, services: readonly string[], flags: Flags): Selected {
  const names = (list: readonly string[] = []) => list.flatMap((part) => part.split(',')).filter((name) => name !== '');
  const selection: Selection = { services, with: names(flags.with), without: names(flags.without) };
  return select(world.catalogue ?? ownCatalogue, selection);
}

function refuse({ problems }: Selected): void {
  if (problems.length > 0) throw new Refusal([...problems, 'Nothing was written.'].join('\n'));
}

const exists = (world: World, name: string): boolean => existsSync(join(world.root, fileOf(name)));

/** Names that lead nowhere else: RFC 6761 and RFC 8375. */
const defaultDomain = (name: string, cluster: ClusterKind): string => `${name}.${cluster === 'kind' ? 'localhost' : 'home.arpa'}`;

const explained = (domain: string): string =>
  onThisMachine(domain)
    ? `${domain} stands for this machine, without DNS.`
    : `${domain} is for a network of your own: its DNS must know it; nothing else answers to that name.`;

/** @returns undefined where nobody issues certificates */
function contactOf(world: World, domain: string, contact: string | undefined): string | undefined {
  if (contact === undefined || !isPrivate(domain)) return contact;
  world.err(`note: the contact is not needed: Let’s Encrypt issues nothing for ${domain}, certificates are self-signed`);
  return undefined;
}

const blank: Draft = {
  name: 'geoai',
  domain: 'geoai.localhost',
  cluster: 'k3s',
  services: ['traefik'],
  size: 'standard',
};

/** The check of one answer: what the platform file would say to it. */
const checkOf = (key: 'name' | 'domain' | 'contact', others: Partial<Draft> = {}) => {
  const path = key === 'contact' ? 'tls.email' : key;
  return (answer: string): string | true =>
    problemsOf({ ...blank, ...others, [key]: answer }).find((problem) => problem.path.join('.') === path)?.message ?? true;
};

/** Where the operator said what is wrong. */
function sourceOf(path: readonly (string | number)[]): string {
  const text = path.join('.');
  return { domain: '--domain', cluster: '--cluster', 'tls.email': '--contact' }[text] ?? text;
}

/** @param further services that need settings of their own */
function closing({ name, cluster, domain, services }: Draft, further: readonly string[]): string[] {
  const what = onThisMachine(domain) ? 'this machine and the cluster' : 'this machine, the cluster and its DNS records';
  return [
    `${fileOf(name)} is written: ${services.join(', ')} on ${cluster}, at https://${domain}`,
    ...further.map((service) => `To have ${service}, add it to the file with its settings: docs/components/${service}.md`),
    'Next:',
    `  npx hearth doctor ${name}   looks at ${what}`,
    `  npx hearth up ${name}       starts it`,
  ];
}
