import type { Credential } from '../../lib/core/credential';
import type { Platform } from '../../lib/core/platform';
import type { Workload } from '../../lib/core/workload';
import { clusterFolder } from '../../lib/derived/cluster-wide';
import { idOf, type Change, type ObjectId, type Request, type Snapshot } from './store';
import { isRandom, makeValue, outdated, sourceOf } from './values';

/** What the credentials of a platform need; with problems there are no changes. */
export interface Plan {
  readonly problems: readonly string[];
  /** What an operator should know although it is no error. */
  readonly notices: readonly string[];
  readonly changes: readonly Change[];
  /** Every value as it is after the changes: credential → key → base64. */
  readonly values: ReadonlyMap<Credential, Values>;
}
/** Key → base64. */
export type Values = ReadonlyMap<string, string>;

/** Everything that {@link plan} wants to know of a store. */
export function requestOf({ graph }: Platform): Request {
  const places = graph.credentials.flatMap(({ secrets }) => secrets);
  return {
    namespaces: [...new Set(places.map(({ namespace }) => namespace))].sort(),
    secrets: places,
    claims: graph.credentials.flatMap((credential) => claimsOf(credential, graph.workloads)),
  };
}

/**
 * Compares what the platform needs with what exists. Only what is missing is made; where that could not be right, a
 * problem says why.
 */
export async function plan(platform: Platform, snapshot: Snapshot): Promise<Plan> {
  const findings = platform.graph.credentials.map((credential) => examine(credential, platform, snapshot));
  const notices = findings.flatMap((finding) => finding.notices);
  const problems = [...namespaceProblems(platform, snapshot), ...findings.flatMap((finding) => finding.problems)];
  const values = new Map<Credential, Values>();
  if (problems.length === 0) {
    for (const { credential, known } of findings) {
      const made = await complete(credential, known);
      if (typeof made === 'string') problems.push(made);
      else values.set(credential, made);
    }
  }
  if (problems.length > 0) return { problems, notices, changes: [], values: new Map() };
  const changes = [...values].flatMap(([credential, all]) => changesOf(credential, platform, snapshot, all));
  return { problems, notices, changes, values };
}

interface Finding {
  readonly credential: Credential;
  readonly known: Values;
  readonly problems: string[];
  readonly notices: string[];
}

const decode = (value: string) => Buffer.from(value, 'base64').toString();

interface Claim extends ObjectId {
  readonly workload: Workload;
}

/** The claims whose data remembers the values of a credential. */
function claimsOf({ storedIn }: Credential, workloads: readonly Workload[]): Claim[] {
  if (!storedIn) return [];
  return workloads
    .filter((workload) => workload.volumes.includes(storedIn))
    .flatMap((workload) =>
      storedIn.claimNames(workload).map((name) => ({ namespace: workload.namespace, name, workload })),
    );
}

function namespaceProblems({ config }: Platform, { missingNamespaces }: Snapshot): string[] {
  if (missingNamespaces.length === 0) return [];
  const [which, mend] = [missingNamespaces.join(', '), `kubectl apply --server-side -f dist/${config.name}`];
  return [`these namespaces do not exist yet: ${which}; make them first: ${mend}/${clusterFolder}`];
}

/** Finds the values that exist, and why the missing ones must not be made. */
function examine(credential: Credential, { graph }: Platform, snapshot: Snapshot): Finding {
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
    if (other) {
      problems.push(
        `${first.place} and ${other.place} hold different values of ${key}; ` +
          'delete the Secret with the wrong one (kubectl delete secret) and run this again',
      );
    }
    const reason = outdated(rule, decode(first.value));
    if (reason) notices.push(`${first.place}: ${key} ${reason}; it is kept, delete the Secret to have it made anew`);
  }
  const lost = Object.entries(credential.keys).flatMap(([key, rule]) =>
    isRandom(rule) && !known.has(key) ? [key] : [],
  );
  const existing = new Set(snapshot.claims.map(idOf));
  const claims = claimsOf(credential, graph.workloads).filter((claim) => existing.has(idOf(claim)));
  if (lost.length > 0 && claims.length > 0) problems.push(lostBesideData(credential, lost, claims));
  else problems.push(...lost.flatMap((key) => lostSource(credential, key, known, secrets) ?? []));
  return { credential, known, problems, notices };
}

/** A new password would lock the operator out of the data that was made with the old one. */
function lostBesideData(credential: Credential, lost: readonly string[], claims: readonly Claim[]): string {
  const { namespace } = credential.owner.tier;
  const objects = claims.flatMap(({ workload, name }) => [
    `${workload.kind.toLowerCase()}/${workload.name}`,
    `pvc/${name}`,
  ]);
  return (
    `${namespace}/${credential.name} lacks ${lost.join(', ')}, and the data in ${claims.map(idOf).join(', ')} was made ` +
    'with the old value: put the old Secret back, from the file that --file wrote or from another backup ' +
    '(kubectl apply --server-side -f FILE), and run this again. If the data may go, or there is none yet, delete its ' +
    `claim instead (kubectl -n ${namespace} delete ${[...new Set(objects)].join(' ')}), run this again and apply dist/ again.`
  );
}

/** What was made of the lost value still exists, and would not fit a new one. */
function lostSource(
  credential: Credential,
  key: string,
  known: Values,
  secrets: ReadonlyMap<string, { readonly data: Readonly<Record<string, string>> }>,
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
    `${credential.owner.tier.namespace}/${credential.name} lacks ${key}, while ${derived.join(', ')}, made of it, ` +
    `still exists in ${holders.map(idOf).join(', ')}; put the Secret back from a backup, or, for new values, delete ` +
    `what is left (${holders.map(({ namespace, name }) => `kubectl -n ${namespace} delete secret ${name}`).join('; ')})`
  );
}

/** Makes what is missing, sources before what is made of them. @returns all values, or the problem with a source */
async function complete(credential: Credential, known: Values): Promise<Values | string> {
  const values = new Map(known);
  const missing = Object.entries(credential.keys).filter(([key]) => !known.has(key));
  const ordered = [...missing.filter(([, rule]) => !sourceOf(rule)), ...missing.filter(([, rule]) => sourceOf(rule))];
  for (const [key, rule] of ordered) {
    const source = sourceOf(rule);
    try {
      const value = await makeValue(rule, decode(values.get(source ?? '') ?? ''));
      values.set(key, Buffer.from(value).toString('base64'));
    } catch {
      // The error of a parser could quote the value.
      return `${credential.owner.tier.namespace}/${credential.name}: ${key} cannot be made of ${source}, whose value has not the right form`;
    }
  }
  return values;
}

/** The owner's Secret comes first and holds everything: a run that stops half-way is completed by the next one. */
function changesOf(credential: Credential, { config }: Platform, snapshot: Snapshot, values: Values): Change[] {
  return credential.secrets.flatMap(({ namespace, name, keys }) => {
    const existing = snapshot.secrets.find((secret) => secret.namespace === namespace && secret.name === name);
    const missing = keys.filter((key) => existing?.data[key] === undefined);
    if (existing && missing.length === 0) return [];
    return {
      namespace,
      name,
      existing,
      type: credential.type,
      labels: { 'app.kubernetes.io/managed-by': 'hearth', 'app.kubernetes.io/part-of': config.name },
      data: Object.fromEntries(missing.map((key) => [key, values.get(key) ?? ''])),
    };
  });
}
