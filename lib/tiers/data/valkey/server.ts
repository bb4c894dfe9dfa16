import { z } from 'zod';
import type { Component } from '../../../core/component';
import { quantityValue, type Resources } from '../../../core/resources';
import type { Rotation } from '../../../core/credential';
import { exec, http, type Probes } from '../../../core/probe';
import type { ContainerProps } from '../../../core/container';
import type { Credential } from '../../../core/credential';
import type { Workload } from '../../../core/workload';
import { images } from '../../../images';

/** What every Valkey server of the platform has in common. */

/** User and group of the image. https://github.com/valkey-io/valkey-container/blob/mainline/Dockerfile.template */
export const valkeyUser = { uid: 999, gid: 999 };

/** Upgrades read the files of older versions; there is no way back. https://valkey.io/topics/releases/ */
export const valkeyVersion = { program: 'Valkey', version: '9', upgradesFrom: ['7', '8'] };

const defaultResources: Resources = {
  requests: { cpu: '50m', memory: '128Mi' },
  limits: { cpu: '1', memory: '512Mi' },
};

/** Part of the memory limit that keys may fill; a rewrite of the file and its replicas' buffers need the rest. */
const shareOfKeys = 0.75;

const policies = [
  'noeviction',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
] as const;

export const maxMemory = z
  .string()
  .refine((text) => (quantityValue(text) ?? 0) >= 2 ** 20, {
    error: 'must be a quantity of bytes; write for example 1Gi, below the memory limit',
  })
  .optional()
  .describe('Memory for keys; by default three quarters of the memory limit');

export const evictionPolicy = z
  .enum(policies, { error: `must be one of ${policies.join(', ')}; write noeviction to lose nothing` })
  .default('noeviction')
  .describe('What happens when that memory is full; noeviction: writes fail, and no key is lost');

/** What a server gets; keys alone must not fill its memory limit. */
export function sizeOf(self: Component, { maxMemory }: { readonly maxMemory?: string }): Resources {
  const size = self.resources(defaultResources);
  const limit = size.limits.memory;
  if (maxMemory !== undefined && (quantityValue(maxMemory) ?? 0) >= (quantityValue(limit) ?? 0)) {
    const message = `${maxMemory} is not below the memory limit of ${limit}; write less, or a higher resources.limits.memory`;
    self.refuse(['maxMemory'], message);
  }
  return size;
}

export interface ServerSettings {
  readonly maxMemory?: string;
  readonly resources: Resources;
  readonly evictionPolicy: (typeof policies)[number];
  /** Further lines of the file, as name and value. */
  readonly further?: Readonly<Record<string, string | number>>;
}

/**
 * valkey.conf without its secrets: every write goes into the append-only file, which is forced to disk each second.
 * https://github.com/valkey-io/valkey/blob/unstable/valkey.conf
 */
export function valkeyConf({ maxMemory, resources, evictionPolicy, further = {} }: ServerSettings): string {
  const limit = quantityValue(resources.limits.memory) ?? 0;
  const keys = maxMemory === undefined ? limit * shareOfKeys : (quantityValue(maxMemory) ?? 0);
  const settings = {
    bind: '* -::*',
    // There is a password, and the NetworkPolicy decides who may come.
    'protected-mode': 'no',
    port: 6379,
    dir: '/data',
    maxmemory: Math.floor(keys),
    'maxmemory-policy': evictionPolicy,
    appendonly: 'yes',
    appendfsync: 'everysec',
    // Snapshots beside the append-only file would only cost memory.
    save: '""',
    // Finds clients that are gone.
    'tcp-keepalive': 60,
    ...further,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

/**
 * Starts the server with the file and, from its standard input, what must not stand in a file or an argument.
 * @param lines of valkey.conf, in which the shell fills in variables
 */
export function startCommand(lines: readonly string[]): string[] {
  return ['sh', '-c', ['exec valkey-server /etc/valkey/valkey.conf - <<END', ...lines, 'END'].join('\n')];
}

/** What valkey-cli reads the password from, in every container that runs it. */
export const authentication = (credential: Credential) => ({ REDISCLI_AUTH: credential.key('password') });

/** Any answer is a sign of life, also LOADING: reading a large file takes minutes. */
export const alive: Probes['live'] = exec('valkey-cli', 'PING');

/** Reads the metrics of the server beside it. https://github.com/oliver006/redis_exporter */
export function exporter(credential: Credential): ContainerProps {
  return {
    image: images.redisExporter,
    command: ['/redis_exporter'],
    env: {
      REDIS_ADDR: 'redis://127.0.0.1:6379',
      REDIS_PASSWORD: credential.key('password'),
      REDIS_EXPORTER_WEB_LISTEN_ADDRESS: ':9121',
    },
    ports: { metrics: { port: 9121, offered: false } },
    probes: { ready: http('/health', 'metrics') },
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '100m', memory: '128Mi' } },
  };
}

/**
 * A new password beside the old one, until each server starts anew with the new one alone; so replicas of both sorts
 * understand each other meanwhile. https://valkey.io/commands/acl-setuser/
 */
export function addPassword(server: () => Workload, nodes: () => readonly string[]): Rotation {
  return {
    by: 'command',
    in: server,
    // The password comes by standard input, and goes on by that of valkey-cli.
    get command() {
      return ['sh', '-c', addPasswordScript, 'add-password', ...nodes()];
    },
    input: ({ password = '' }) => `${password}\n`,
  };
}

const addPasswordScript = `set -eu
IFS= read -r password
for node in "$@"; do
  answer=$(printf 'ACL SETUSER default ">%s"\\nCONFIG SET masterauth "%s"\\n' "$password" "$password" | valkey-cli -h "$node")
  if [ "$(echo "$answer" | tr -d '\\n')" != OKOK ]; then echo "$node: $answer" >&2; exit 1; fi
done
`;
