import type { Credential } from '../../lib/core/credential';
import type { Platform } from '../../lib/core/platform';
import type { Workload } from '../../lib/core/workload';
import { suggest } from '../../lib/core/problem';
import { entryOf } from '../../lib/derived/secret-stores';
import { runningAmong } from '../cluster/scaling';
import type { Cluster } from '../cluster/cluster';
import { Refusal } from '../refusal';
import { confirmed } from '../target';
import type { World } from '../world';
import { claimsOf, examine, letGo, ownSecret, rotationAnnotation, titleOf, type Values } from './examine';
import { changesFor, complete, requestOf, supplyProblems } from './plan';
import { idOf, type Replacement, type Snapshot } from './store';
import { supplier } from './supplied';
import { consumersOf, finishRotations, runningPod, takeOver } from './taking-over';
import { isOriginal, sourceOf } from './values';

/** New values for a credential, in its Secrets and in the programs. @param yes the operator has agreed already */
export async function rotate(
  world: World,
  cluster: Cluster,
  platform: Platform,
  name: string,
  yes: boolean | undefined,
): Promise<void> {
  const credential = named(platform, name);
  refuseUnchangeable(credential, platform);
  const again = `for new values: npx hearth credentials ${platform.config.name} --rotate ${name}`;
  if ((await finishRotations(world, cluster, platform)).includes(credential)) {
    world.out(`The rotation of ${name} had been interrupted, and is finished now; ${again}`);
    return;
  }
  const snapshot = await cluster.secrets.read(requestOf(platform));
  const [known, kept] = [examine(credential, platform, snapshot).known, keptValues(credential, snapshot)];
  const given = supplier(world);
  const problems = [
    ...incomplete(credential, platform, snapshot, known),
    ...supplyProblems({ credential, known: kept }, given),
    ...(await unreachable(credential, cluster, platform)),
  ];
  if (problems.length > 0) throw new Refusal([...problems, 'Nothing was changed.'].join('\n'));
  const restarting = await runningAmong(cluster, consumersOf(platform, [credential]));
  effects(credential, restarting).forEach((line) => world.out(line));
  await confirmed(world, `Rotate ${name}?`, yes);
  const values = await complete(credential, kept, given);
  if (typeof values === 'string') throw new Refusal(`${values}\nNothing was changed.`);
  if (changedKeys(credential).every((key) => values.get(key) === known.get(key))) {
    throw new Refusal(`${name}: the given values are those that it has already. Nothing was changed.`);
  }
  await cluster.secrets.replace(replacements(credential, snapshot, values));
  await takeOver(world, cluster, platform, [credential]);
  world.out(`rotated ${name}`);
  world.out(`Whoever else uses it needs the new values: npx hearth credentials ${platform.config.name} --show`);
}

function named({ config, graph }: Platform, name: string): Credential {
  const found = graph.credentials.find((credential) => credential.name === name);
  if (found) return found;
  const known = graph.credentials.map((credential) => credential.name);
  throw new Refusal(`${config.name} has no credential "${name}"; ${suggest(name, known)}`);
}

/** The keys that get new values. */
const changedKeys = ({ keys, rotation }: Credential): string[] =>
  Object.entries(keys).flatMap(([key, rule]) => (isOriginal(rule) && (rotation?.keys?.includes(key) ?? true) ? [key] : []));

/** The keys that get new values, and those whose values are made of them. */
function affectedKeys(credential: Credential): string[] {
  const changed = changedKeys(credential);
  return Object.entries(credential.keys).flatMap(([key, rule]) =>
    changed.includes(key) || changed.includes(sourceOf(rule) ?? '') ? [key] : [],
  );
}

function refuseUnchangeable(credential: Credential, platform: Platform): void {
  const { config, graph } = platform;
  const { name, rotation, notRotated } = credential;
  if (notRotated !== undefined) throw new Refusal(`${name} cannot be rotated: ${notRotated}`);
  if (config.secrets === 'external' && !credential.bootstrap) throw new Refusal(external(credential, platform));
  if (!rotation) {
    const claims = claimsOf(credential, graph.workloads);
    const { namespace } = credential.owner.tier;
    throw new Refusal(
      `${name} cannot be rotated: the data in ${claims.map(idOf).join(', ')} was made with its values, or others have noted ` +
        `them. If that may go: ${letGo(credential, claims)}, kubectl -n ${namespace} delete secret ${name}, and ` +
        `npx hearth up ${config.name}`,
    );
  }
  if (changedKeys(credential).length === 0) {
    throw new Refusal(`${name} cannot be rotated: all its values follow from the platform file`);
  }
}

function external(credential: Credential, model: Platform): string {
  const { owner, rotation, secrets } = credential;
  const { name: platform, secretStore } = model.config;
  const own = model.graph.credentialStore;
  const store = own ? own.name : `${secretStore.kind} ${secretStore.name}`;
  const entries = [...new Set(secrets.map((secret) => entryOf(model, credential, secret)))].join(', ');
  const restart = `npx hearth restart ${platform}`;
  const learning = {
    restart: restart,
    job: `let ${owner.name} run its job again (${rotation?.by === 'job' ? jobAgain(rotation.job(), platform) : ''}), then ${restart}`,
    command: `change it in ${owner.name} by hand, then ${restart}`,
  }[rotation?.by ?? 'restart'];
  return (
    `the values of ${platform} come from ${store}: change ${entries} there, wait until External Secrets has ` +
    `fetched it (within an hour), then ${learning}`
  );
}

const jobAgain = ({ namespace, name }: Workload, platform: string): string =>
  `kubectl -n ${namespace} delete job -l app.kubernetes.io/instance=${name}; npx hearth up ${platform}`;

/** Every Secret must be there, whole and of one mind. */
function incomplete(credential: Credential, platform: Platform, snapshot: Snapshot, known: Values): string[] {
  const { problems } = examine(credential, platform, snapshot);
  if (problems.length > 0) return [...problems];
  const missing = changesFor(platform, snapshot, new Map([[credential, known]]));
  if (missing.length === 0) return [];
  const which = missing.map((change) =>
    change.existing ? `${idOf(change)} (${Object.keys(change.data).join(', ')})` : idOf(change),
  );
  return [`${which.join(', ')}: not there yet; make what is missing first: npx hearth credentials ${platform.config.name}`];
}

/** What has to learn the values must run. */
async function unreachable({ name, rotation }: Credential, cluster: Cluster, { config }: Platform): Promise<string[]> {
  const mend = `npx hearth up ${config.name} makes what is missing, npx hearth start ${config.name} starts what was stopped`;
  if (rotation?.by === 'command') {
    const workload = rotation.in();
    if (await runningPod(cluster, workload)) return [];
    return [`${workload.namespace}/${workload.name} must learn the new values of ${name}, and has no pod that is ready; ${mend}`];
  }
  if (rotation?.by !== 'job') return [];
  const servers = [...new Set(rotation.job().bindings.map(({ endpoint }) => endpoint.workload))];
  const up = await runningAmong(cluster, servers);
  return servers
    .filter((server) => !up.includes(server))
    .map(
      ({ namespace, name: server }) => `${namespace}/${server} must learn the new values of ${name}, and does not run; ${mend}`,
    );
}

/** What will happen, for people. */
function effects(credential: Credential, restarting: readonly Workload[]): string[] {
  const affected = affectedKeys(credential);
  const secrets = credential.secrets.filter(({ keys }) => keys.some((key) => affected.includes(key))).map(idOf);
  const { rotation } = credential;
  const learning =
    rotation?.by === 'job'
      ? [
          `  runs ${rotation.job().namespace}/${rotation.job().name} once more, which makes them known to ${credential.owner.name}`,
        ]
      : rotation?.by === 'command'
        ? [`  makes them known by a command in ${rotation.in().namespace}/${rotation.in().name}`]
        : [];
  const how = rotation?.by === 'restart' && rotation.together ? ', all pods at once' : '';
  const restarts = restarting.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}${how}`);
  return [
    `Rotation of ${titleOf(credential)}:`,
    `  new values of ${affected.join(', ')} in ${secrets.join(', ')}`,
    ...learning,
    restarts.length > 0 ? `  restarts ${restarts.join(', ')}` : '  restarts nothing',
  ];
}

/** The values that stay. */
function keptValues(credential: Credential, snapshot: Snapshot): Values {
  const affected = affectedKeys(credential);
  return new Map(
    Object.entries(ownSecret(credential, snapshot)?.data ?? {}).filter(
      ([key]) => credential.keys[key] !== undefined && !affected.includes(key),
    ),
  );
}

/** The owner's Secret first, with the note that the rotation is under way. */
function replacements(credential: Credential, { secrets }: Snapshot, values: Values): Replacement[] {
  const affected = affectedKeys(credential);
  return credential.secrets.flatMap((place, i) => {
    const existing = secrets.find((secret) => idOf(secret) === idOf(place));
    const keys = place.keys.filter((key) => affected.includes(key));
    if (!existing || keys.length === 0) return [];
    const data = Object.fromEntries(keys.map((key) => [key, values.get(key) ?? '']));
    return [{ existing, data, ...(i === 0 ? { annotations: { [rotationAnnotation]: 'pending' } } : {}) }];
  });
}
