import type { Credential } from '../../lib/core/credential';
import type { Platform } from '../../lib/core/platform';
import { clusterFolder } from '../../lib/derived/cluster-wide';
import { clientNotices, missingNamespaces as ofClients, strangers } from './clients';
import { claimsOf, decode, examine, titleOf, type Finding, type Values } from './examine';
import { idOf, type Change, type Request, type Snapshot } from './store';
import type { Supplier } from './supplied';
import { makeValue, sourceOf } from './values';

/** What the credentials of a platform need; with problems there are no changes. */
export interface Plan {
  readonly problems: readonly string[];
  /** What an operator should know although it is no error. */
  readonly notices: readonly string[];
  readonly changes: readonly Change[];
  /** Every value as it is after the changes: credential → key → base64. */
  readonly values: AllValues;
}
export type AllValues = ReadonlyMap<Credential, Values>;

/** Everything that {@link plan} wants to know of a store. @param credentials by default all of the platform */
export function requestOf({ graph }: Platform, credentials: readonly Credential[] = graph.credentials): Request {
  const places = credentials.flatMap(({ secrets }) => secrets);
  return {
    namespaces: [...new Set(places.map(({ namespace }) => namespace))].sort(),
    secrets: places,
    claims: credentials.flatMap((credential) => claimsOf(credential, graph.workloads)),
  };
}

/**
 * Compares what the platform needs with what exists. Only what is missing is made; where that could not be right, a
 * problem says why. Nobody is asked for a value before everything else is right.
 * @param credentials by default all of the platform
 * @param elsewhere where values may be that are kept, but not yet in the store
 */
export async function plan(
  platform: Platform,
  snapshot: Snapshot,
  supplier: Supplier,
  credentials: readonly Credential[] = platform.graph.credentials,
  elsewhere?: Snapshot,
): Promise<Plan> {
  const others = strangers(platform, snapshot);
  const own = { ...snapshot, secrets: snapshot.secrets.filter((secret) => !others.includes(secret)) };
  const known = elsewhere ? together(own, elsewhere) : own;
  const findings = credentials.map((credential) => examine(credential, platform, known));
  const notices = [...clientNotices(platform, snapshot), ...findings.flatMap((finding) => finding.notices)];
  const problems = [
    ...namespaceProblems(platform, snapshot),
    ...others.map(
      (secret) => `${idOf(secret)} is not hearth’s, and a client shall get a Secret of that name; rename or delete it`,
    ),
    ...findings.flatMap((finding) => [...finding.problems, ...supplyProblems(finding, supplier)]),
  ];
  const values = new Map<Credential, Values>();
  if (problems.length === 0) {
    for (const { credential, known } of findings) {
      const made = await complete(credential, known, supplier);
      if (typeof made === 'string') problems.push(made);
      else values.set(credential, made);
    }
  }
  if (problems.length > 0) return { problems, notices, changes: [], values: new Map() };
  return { problems, notices, changes: changesFor(platform, snapshot, values), values };
}

/** What a store holds, and what only the other one does. */
function together(store: Snapshot, other: Snapshot): Snapshot {
  const found = new Map(other.secrets.map((secret) => [idOf(secret), secret]));
  for (const secret of store.secrets) {
    found.set(idOf(secret), { ...secret, data: { ...found.get(idOf(secret))?.data, ...secret.data } });
  }
  return { ...store, secrets: [...found.values()] };
}

function namespaceProblems(platform: Platform, snapshot: Snapshot): string[] {
  const { config } = platform;
  const clients = ofClients(platform, snapshot);
  const missing = snapshot.missingNamespaces.filter((namespace) => !clients.includes(namespace));
  if (missing.length === 0) return [];
  const folder = `dist/${config.name}/${clusterFolder}`;
  return [
    `these namespaces do not exist yet: ${missing.join(', ')}; npx hearth up ${config.name} makes them and ` +
      `everything else, kubectl apply --server-side -f ${folder} them alone`,
  ];
}

/** Why missing values that are made elsewhere cannot be had. */
export function supplyProblems({ credential, known }: Pick<Finding, 'credential' | 'known'>, supplier: Supplier) {
  return Object.entries(credential.keys).flatMap(([key, rule]) =>
    rule.kind === 'supplied' && !known.has(key) ? (supplier.problem(credential, key) ?? []) : [],
  );
}

/** Makes what is missing, sources before what is made of them. @returns all values, or the problem with a source */
export async function complete(credential: Credential, known: Values, supplier: Supplier): Promise<Values | string> {
  const values = new Map(known);
  const missing = Object.entries(credential.keys).filter(([key]) => !known.has(key));
  const ordered = [...missing.filter(([, rule]) => !sourceOf(rule)), ...missing.filter(([, rule]) => sourceOf(rule))];
  for (const [key, rule] of ordered) {
    const source = sourceOf(rule);
    if (rule.kind === 'supplied') {
      values.set(key, encode(await supplier.value(credential, key)));
      continue;
    }
    try {
      values.set(key, encode(await makeValue(rule, decode(values.get(source ?? '') ?? ''))));
    } catch {
      // The error of a parser could quote the value.
      return `${titleOf(credential)}: ${key} cannot be made of ${source}, whose value has not the right form`;
    }
  }
  return values;
}

const encode = (value: string): string => Buffer.from(value).toString('base64');

/**
 * What a store lacks of these values. The owner's Secret comes first and holds everything: a run that stops half-way is
 * completed by the next one.
 */
export function changesFor(platform: Platform, snapshot: Snapshot, values: AllValues): Change[] {
  const { config } = platform;
  const { secrets } = snapshot;
  const absent = ofClients(platform, snapshot);
  return [...values].flatMap(([credential, all]) =>
    credential.secrets.flatMap(({ namespace, name, keys }) => {
      if (absent.includes(namespace)) return [];
      const existing = secrets.find((secret) => idOf(secret) === idOf({ namespace, name }));
      const missing = keys.filter((key) => existing?.data[key] === undefined);
      if (existing && missing.length === 0) return [];
      return {
        namespace,
        name,
        existing,
        type: credential.type,
        labels: { 'app.kubernetes.io/managed-by': 'hearth', 'app.kubernetes.io/part-of': config.name },
        data: Object.fromEntries(missing.map((key) => [key, all.get(key) ?? ''])),
      };
    }),
  );
}
