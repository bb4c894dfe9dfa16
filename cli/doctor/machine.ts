import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Platform } from '../../lib/core/platform';
import { Refusal } from '../refusal';
import type { World } from '../world';
import { problem, ok, warning, type Check, type Finding, type OfPlatform, type OnMachine } from './finding';
import { names } from './names';
import { isAtLeast } from './versions';

/** @param engines what package.json asks for, for example `>=20.19` */
export function nodeFinding(version: string, engines: string): Finding {
  const oldest = engines.replace(/^>=/, '');
  if (isAtLeast(version, oldest)) return ok(`Node.js ${version}`);
  return problem(
    `Node.js ${version} is too old, ${oldest} is the oldest that runs hearth`,
    `install Node.js ${oldest} or newer: https://nodejs.org/en/download`,
  );
}

export const node: Check<OnMachine> = () => {
  const { engines } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
    engines: { node: string };
  };
  return [nodeFinding(process.versions.node, engines.node)];
};

/** The contexts of the kubeconfig; none where it is absent or cannot be read. */
export async function kubeconfig(
  world: World,
  platform: Platform | undefined,
): Promise<{ readonly contexts: readonly string[]; readonly findings: Finding[] }> {
  try {
    // The client makes up this one where there is no kubeconfig.
    const contexts = (await world.contexts()).filter((name) => name !== 'loaded-context');
    if (contexts.length > 0) return { contexts, findings: [ok(`kubeconfig with ${contexts.join(', ')}`)] };
    const made = platform?.config.cluster === 'kind';
    const finding = made
      ? ok('no kubeconfig yet: hearth up makes one, with the cluster')
      : problem('there is no kubeconfig', 'set $KUBECONFIG to that of your cluster; k3s writes /etc/rancher/k3s/k3s.yaml');
    return { contexts, findings: [finding] };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { contexts: [], findings: [problem(error.message)] };
  }
}

/** What makes the cluster of a platform on this machine. */
const kind: Check<OfPlatform> = async ({ world, platform, contexts }) => {
  const { name, cluster } = platform.config;
  if (cluster !== 'kind') return [];
  const result = await world.program('kind', ['version']);
  if (result?.code === 0) return [ok(result.stdout.trim())];
  const mend = 'install it: https://kind.sigs.k8s.io/docs/user/quick-start/#installation';
  return contexts.includes(`kind-${name}`)
    ? [warning('kind is not installed; the cluster is there already', mend)]
    : [problem('kind is not installed, which makes the cluster', mend)];
};

const containerEngine: Check<OfPlatform> = async ({ world, platform, contexts }) => {
  const { name, cluster } = platform.config;
  if (cluster !== 'kind' || contexts.includes(`kind-${name}`)) return [];
  const engines = ['docker', 'podman'];
  const results = await Promise.all(engines.map((engine) => world.program(engine, ['info'])));
  const answering = engines.find((_, i) => results[i]?.code === 0);
  if (answering !== undefined) return [ok(`${answering} answers; hearth up makes the cluster kind-${name}`)];
  const installed = engines.filter((_, i) => results[i] !== undefined);
  return installed.length > 0
    ? [problem(`${installed.join(' and ')} does not answer, in which kind runs`, 'start it, and look whether you may use it')]
    : [problem('there is no Docker and no Podman, in which kind runs', 'install one: https://docs.docker.com/engine/install/')];
};

const certificates: Check<OfPlatform> = ({ platform }) => {
  const { tls } = platform.config;
  if (tls.mode === 'secret') return [];
  if (tls.mode === 'self-signed') return [ok('certificates are self-signed: clients warn until they trust them')];
  if (tls.mode === 'cert-manager') return [ok(`certificates come from cert-manager, by its ${tls.kind} ${tls.issuer}`)];
  return [ok(`certificates come from ${tls.server ?? 'Let’s Encrypt'}: port 80 must be open to it`)];
};

export const platformChecks: readonly Check<OfPlatform>[] = [kind, containerEngine, names, certificates];
