import type { Catalogue } from '../../lib/core/definition';
import type { Settings } from '../../lib/core/settings';
import { buildPlatform } from '../../lib/build-platform';
import { distFiles } from '../../lib/synth';
import type { KubernetesObject } from './kubernetes';
import { parse } from './objects';

/** A platform as the rules see it: its objects, and what its manifests leave to others. */
export interface Synthesis {
  readonly config: Settings;
  readonly objects: KubernetesObject[];
  /** The Secrets that the credentials command or the operator makes. */
  readonly secrets: readonly { readonly namespace: string; readonly name: string; readonly keys: readonly string[] }[];
  /** `namespace/workload/port` of what may be reached from outside. */
  readonly publicPorts: readonly string[];
}

export function synthesis(config: Settings, catalogue?: Catalogue): Synthesis {
  const platform = buildPlatform(config, catalogue);
  const { credentials, workloads } = platform.graph;
  const own =
    config.tls.mode === 'secret'
      ? [{ namespace: `${config.namespacePrefix}-gateway`, name: config.tls.secret, keys: ['tls.crt', 'tls.key'] }]
      : [];
  return {
    config,
    objects: [...distFiles(platform)].flatMap(([path, text]) => (path.startsWith('kind/') ? [] : parse(text))),
    secrets: [...own, ...credentials.flatMap(({ secrets }) => secrets)],
    publicPorts: workloads.flatMap(({ namespace, name, ports }) =>
      ports.flatMap((port) => (port.public === undefined ? [] : [`${namespace}/${name}/${port.name}`])),
    ),
  };
}
