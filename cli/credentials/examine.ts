import type { Credential } from '../../lib/core/credential';
import type { Platform } from '../../lib/core/platform';
import type { Workload } from '../../lib/core/workload';
import { idOf, type ObjectId, type Snapshot, type StoredSecret } from './store';
import { isOriginal, isRandom, outdated, sourceOf } from './values';

/** Key → base64. */
export type Values = ReadonlyMap<string, string>;

/** What a store says of one credential. */
export interface Finding {
  readonly credential: Credential;
  readonly known: Values;
  /** Why the missing values must not be made. */
  readonly problems: readonly string[];
  /** What an operator should know although it is no error. */
  readonly notices: readonly string[];
}

/** On the owner's Secret while a rotation is under way: its values are the new ones. */
export const rotationAnnotation = 'hearth/rotation';

/** The Secret that holds all keys. */
export function ownSecret({ secrets: [own] }: Credential, { secrets }: Snapshot): StoredSecret | undefined {
  return own && secrets.find((secret) => idOf(secret) === idOf(own));
}

/** True where a rotation was begun and not finished. */
export const isRotating = (credential: Credential, snapshot: Snapshot): boolean =>
  ownSecret(credential, snapshot)?.annotations?.[rotationAnnotation] !== undefined;

/** For people, as the first of its Secrets. */
export const titleOf = ({ name, owner }: Credential): string => `${owner.tier.namespace}/${name}`;

export const decode = (value: string): string => Buffer.from(value, 'base64').toString();

interface Claim extends ObjectId {
  readonly workload: Workload;
}

/** The claims whose data remembers the values of a credential. */
export function claimsOf({ storedIn }: Credential, workloads: readonly Workload[]): Claim[] {
  if (!storedIn) return [];
  return workloads
    .filter((workload) => workload.volumes.includes(storedIn))
    .flatMap((workload) => storedIn.claimNames(workload).map((name) => ({ namespace: workload.namespace, name, workload })));
}

/** Finds the values that exist, and why the missing ones must not be made. */
export function examine(credential: Credential, { graph, config }: Platform, snapshot: Snapshot): Finding {
  const secrets = new Map(snapshot.secrets.map((secret) => [idOf(secret), secret]));
  const known = new Map<string, string>();
  const problems: string[] = [];
  const notices: string[] = [];
  for (const [key, rule] of Object.entries(credential.keys)) {
    const holders = credential.secrets.flatMap((place) => {
      const value = secrets.get(idOf(place))?.data[key];
      return value === undefined ? [] : [{ place: idOf(place), value }];
    });
    const [first] = holders;
    if (!first) continue;
    known.set(key, first.value);
    const other = holders.find(({ value }) => value !== first.value);
    if (other && !isRotating(credential, snapshot)) {
      problems.push(
        `${first.place} and ${other.place} hold different values of ${key}; ` +
          'delete the Secret with the wrong one (kubectl delete secret) and run this again',
      );
    }
    const reason = outdated(rule, decode(first.value));
    if (reason) notices.push(`${first.place}: ${key} ${reason}; it is kept, ${renewal(credential, key, config.name)}`);
  }
  const missing = Object.keys(credential.keys).filter((key) => !known.has(key));
  const of = (which: typeof isRandom) => missing.filter((key) => credential.keys[key] && which(credential.keys[key]));
  const existing = new Set(snapshot.claims.map(idOf));
  const claims = claimsOf(credential, graph.workloads).filter((claim) => existing.has(idOf(claim)));
  const lost = of(isRandom);
  if (lost.length > 0 && claims.length > 0) problems.push(lostBesideData(credential, lost, claims, config.name));
  else problems.push(...of(isOriginal).flatMap((key) => lostSource(credential, key, known, secrets) ?? []));
  return { credential, known, problems, notices };
}

/** How to get a value that fits its rule again. */
function renewal({ keys, name, rotation }: Credential, key: string, platform: string): string {
  const rule = keys[key];
  return rule && rule.kind !== 'literal' && rotation
    ? `npx hearth credentials ${platform} --rotate ${name} makes a new one`
    : 'delete the Secret to have it made anew';
}

/** How to let go of data along with the values that it remembers. */
export function letGo({ owner }: Credential, claims: readonly Claim[]): string {
  const objects = claims.flatMap(({ workload, name }) => [`${workload.kind.toLowerCase()}/${workload.name}`, `pvc/${name}`]);
  return `kubectl -n ${owner.tier.namespace} delete ${[...new Set(objects)].join(' ')}`;
}

/** A new password would lock the operator out of the data that was made with the old one. */
function lostBesideData(credential: Credential, lost: readonly string[], claims: readonly Claim[], platform: string): string {
  return (
    `${titleOf(credential)} lacks ${lost.join(', ')}, and the data in ${claims.map(idOf).join(', ')} was made ` +
    'with the old value: put the old Secret back, from the file that --export or --file wrote or from another backup ' +
    '(kubectl apply --server-side -f FILE), and run this again. If the data may go, or there is none yet, delete its ' +
    `claim instead (${letGo(credential, claims)}), and run npx hearth up ${platform}.`
  );
}

/** What was made of the lost value still exists, and would not fit a new one. */
function lostSource(
  credential: Credential,
  key: string,
  known: Values,
  secrets: ReadonlyMap<string, StoredSecret>,
): string | undefined {
  const derived = Object.keys(credential.keys).filter((other) => {
    const rule = credential.keys[other];
    return rule && sourceOf(rule) === key && known.has(other);
  });
  if (derived.length === 0) return undefined;
  const holders = credential.secrets.filter((place) =>
    derived.some((other) => secrets.get(idOf(place))?.data[other] !== undefined),
  );
  return (
    `${titleOf(credential)} lacks ${key}, while ${derived.join(', ')}, made of it, ` +
    `still exists in ${holders.map(idOf).join(', ')}; put the Secret back from a backup, or, for new values, delete ` +
    `what is left (${holders.map(({ namespace, name }) => `kubectl -n ${namespace} delete secret ${name}`).join('; ')})`
  );
}
