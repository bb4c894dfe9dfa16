import type { Command } from 'commander';
import type { Platform } from '../../lib/core/platform';
import { missingNamespaces } from '../credentials/clients';
import { backupStates, type BackupState } from '../cluster/backup-state';
import { claimStates, type ClaimState } from '../cluster/claim-state';
import type { Cluster } from '../cluster/cluster';
import { secondsSince } from '../cluster/kinds';
import { isUp, statesOf, type WorkloadState } from '../cluster/readiness';
import { requestOf } from '../credentials/plan';
import { idOf } from '../credentials/store';
import { duration, outputOption, print, table, type OutputOptions } from '../output';
import { exitCodes, Refusal } from '../refusal';
import { clusterCommand, clusterOf, platformOf } from '../target';
import type { World } from '../world';

interface StatusOptions extends OutputOptions {
  readonly context?: string;
  readonly watch?: boolean;
}

/** How a platform is. */
interface Status {
  readonly workloads: readonly WorkloadState[];
  readonly claims: readonly ClaimState[];
  /** Secrets that lack keys. */
  readonly secrets: readonly { readonly id: string; readonly keys: readonly string[] }[];
  readonly backups: readonly BackupState[];
}

/** `status`: how every workload is, and why it is not up. */
export const statusCommand = (world: World): Command =>
  clusterCommand('status', `show how a platform is; ends with ${exitCodes.notReady} where not everything is up`)
    .addOption(outputOption())
    .option('-w, --watch', 'again every two seconds, until everything is up')
    .action(async (name: string, options: StatusOptions) => {
      const platform = platformOf(world, name);
      const cluster = await clusterOf(world, platform, options.context);
      world.err(cluster.title);
      for (let last = ''; ; await world.sleep(2000)) {
        const status = await statusOf(world, cluster, platform);
        const known = facts(status);
        if (known !== last) show(world, platform, status, options);
        // On a terminal the ages go on.
        last = world.terminal && options.output === 'table' ? '' : known;
        world.exitCode = status.workloads.every(isUp) ? exitCodes.done : exitCodes.notReady;
        if (!options.watch || world.exitCode === exitCodes.done) return;
      }
    });

async function statusOf(world: World, cluster: Cluster, platform: Platform): Promise<Status> {
  const [workloads, claims, secrets, backups] = await Promise.all([
    statesOf(cluster, platform.graph.workloads, world.now()),
    claimStates(cluster, platform),
    missingSecrets(world, cluster, platform),
    backupStates(cluster, platform.graph.backups),
  ]);
  return { workloads: inOrder(platform, workloads), claims, secrets, backups };
}

/** By tier and component, as everywhere. */
function inOrder(platform: Platform, states: readonly WorkloadState[]): WorkloadState[] {
  const components = platform.tiers.flatMap((tier) => tier.components);
  return components.flatMap((component) => states.filter(({ workload }) => workload.component === component));
}

async function missingSecrets(world: World, cluster: Cluster, platform: Platform): Promise<Status['secrets']> {
  const found = await cluster.secrets.read(requestOf(platform)).catch((error: unknown) => {
    if (!(error instanceof Refusal) || error.exitCode !== exitCodes.refused) throw error;
    // Whoever may not read Secrets may still look at the rest.
    world.err(`note: ${error.message}`);
    return undefined;
  });
  if (!found) return [];
  const held = new Map(found.secrets.map((secret) => [idOf(secret), secret.data]));
  return platform.graph.credentials
    .flatMap((credential) => credential.secrets)
    .filter(({ namespace }) => !missingNamespaces(platform, found).includes(namespace))
    .map((place) => ({ id: idOf(place), keys: place.keys.filter((key) => held.get(idOf(place))?.[key] === undefined) }))
    .filter(({ keys }) => keys.length > 0);
}

/** What does not change by itself. */
const facts = ({ workloads, claims, secrets, backups }: Status): string =>
  JSON.stringify([
    workloads.map(({ workload, state, ready, wanted, restarts, reason }) => [
      workload.name,
      state,
      ready,
      wanted,
      restarts,
      reason,
    ]),
    claims,
    secrets,
    backups,
  ]);

function show(world: World, platform: Platform, status: Status, options: StatusOptions): void {
  // Clears the screen, so that every round takes the place of the one before.
  if (options.watch && world.terminal && options.output === 'table') world.out('\u001b[2J\u001b[H');
  print(world, options, json(status), () => [
    ...table(['COMPONENT', 'WORKLOAD', 'KIND', 'STATE', 'READY', 'RESTARTS', 'AGE'], status.workloads.map(row)),
    ...reasons(platform, status),
    ...claimLines(status.claims),
    ...secretLines(platform, status),
    ...backupLines(status.backups, world.now()),
    '',
    summary(status.workloads),
  ]);
}

const json = ({ workloads, claims, backups }: Status) =>
  workloads.map(({ workload, ...state }) => {
    const { name, kind, namespace, component } = workload;
    return {
      component: component.name,
      workload: name,
      kind,
      namespace,
      ...state,
      up: isUp({ workload, ...state }),
      claims: claims
        .filter((claim) => claim.workload === name && claim.namespace === namespace)
        .map(({ name: claim, state: is, size }) => ({ name: claim, state: is, size })),
      backups: backups.filter((backup) => backup.component === component.name && backup.workload === name),
    };
  });

const row = ({ workload, state, ready, wanted, restarts, age }: WorkloadState): string[] => [
  workload.component.name,
  workload.name,
  workload.kind,
  state,
  workload.kind === 'CronJob' ? '' : `${ready}/${wanted}`,
  String(restarts),
  age === undefined ? '' : duration(age),
];

/** Why workloads are not up, and what to do. */
function reasons({ config }: Platform, { workloads }: Status): string[] {
  const down = workloads.filter((state) => !isUp(state));
  if (down.length === 0) return [];
  const mends = { missing: 'up', stopped: 'start', starting: 'logs', failed: 'logs' } as const;
  const mend = (state: 'missing' | 'stopped' | 'starting' | 'failed') => {
    const components = down.filter((found) => found.state === state).map(({ workload }) => workload.component.name);
    const names = mends[state] === 'up' ? [] : [...new Set(components)];
    return components.length === 0 ? [] : [`${state}: npx hearth ${[mends[state], config.name, ...names].join(' ')}`];
  };
  return [
    '',
    ...down.map(({ workload, reason, state, lastSuccess }) => {
      const success = lastSuccess === undefined ? '' : `; last success ${lastSuccess}`;
      return `${workload.name}: ${reason || state}${success}`;
    }),
    '',
    ...(['missing', 'stopped', 'starting', 'failed'] as const).flatMap(mend),
  ];
}

function claimLines(claims: readonly ClaimState[]): string[] {
  if (claims.length === 0) return [];
  const rows = claims.map(({ component, name, state, size }) => [component, name, state, size]);
  return ['', ...table(['COMPONENT', 'CLAIM', 'STATE', 'SIZE'], rows)];
}

function secretLines({ config }: Platform, { secrets }: Status): string[] {
  if (secrets.length === 0) return [];
  const mend =
    config.secrets === 'external'
      ? 'External Secrets makes them of the secret store; kubectl get externalsecret -A says why not'
      : `npx hearth credentials ${config.name} makes them`;
  return ['', ...secrets.map(({ id, keys }) => `Secret ${id} lacks ${keys.join(', ')}`), mend];
}

function backupLines(backups: readonly BackupState[], now: Date): string[] {
  if (backups.length === 0) return [];
  const ago = (time: string | undefined) => (time === undefined ? 'never' : `${duration(secondsSince(time, now))} ago`);
  const rows = backups.map(({ component, name, lastSuccess, lastFailure }) => [
    component,
    name,
    ago(lastSuccess),
    ago(lastFailure),
  ]);
  return ['', ...table(['COMPONENT', 'BACKUP', 'LAST SUCCESS', 'LAST FAILURE'], rows)];
}

function summary(workloads: readonly WorkloadState[]): string {
  const up = workloads.filter(isUp).length;
  return up === workloads.length ? `All ${up} workloads are up.` : `${up} of ${workloads.length} workloads are up.`;
}
