import { join } from 'node:path';
import * as YAML from 'yaml';
import { z } from 'zod';
import type { Catalogue } from '../../lib/catalogue';
import { parsePlatform } from '../../lib/config/load';
import { ConfigError } from '../../lib/config/problem';
import { complete, platformSchema, type PlatformConfig } from '../../lib/config/platform-config';
import { Component } from '../../lib/core/component';
import { Deployment } from '../../lib/core/controllers';
import { Credential, htpasswd, literal, password } from '../../lib/core/credential';
import type { Gateway } from '../../lib/core/gateway';
import { buildPlatform } from '../../lib/build-platform';
import type { Platform, Need } from '../../lib/core/platform';
import { HttpRoute, type HttpRouteProps } from '../../lib/core/route';
import type { TierName } from '../../lib/core/tier';
import type { WorkloadProps } from '../../lib/core/workload';
import { manifests } from '../../lib/core/manifest-writer';
import { sawSources, watchedPlatform } from '../prove/record';

/** The repository. */
export const root = join(__dirname, '../..');

/** A component of the test catalogue: what its constructor does, and the rest of its catalogue entry. */
export interface TestEntry {
  /** @default apps */
  readonly tier?: TierName;
  readonly needs?: readonly Need[];
  readonly provides?: readonly Need[];
  build?(component: Component): void;
  complete?(component: Component): void;
}

class TestComponent extends Component {
  constructor(
    platform: Platform,
    name: string,
    private readonly entry: TestEntry,
  ) {
    super(platform, name);
    entry.build?.(this);
  }

  override complete(): void {
    this.entry.complete?.(this);
  }
}

/** A gateway without pods. */
class TestGateway extends Component implements Gateway {
  readonly peer;
  readonly routeTls = {};
  readonly requests = { strictTransport: false };
  readonly basicAuth: Credential;

  constructor(platform: Platform) {
    super(platform, 'gateway');
    this.peer = {
      namespace: this.tier.namespace,
      podLabels: { 'app.kubernetes.io/name': 'gateway', 'app.kubernetes.io/instance': 'gateway' },
    };
    platform.provide('gateway', this, this);
    this.basicAuth = new Credential(this, 'gateway-basic-auth', {
      keys: { username: literal('admin'), password: password(16), users: htpasswd('admin', 'password') },
    });
  }
}

function testCatalogue(entries: Readonly<Record<string, TestEntry>>): Catalogue {
  const common = { documentation: 'https://example.org/', signIn: 'nothing', options: z.strictObject({}) };
  const components = Object.entries(entries).map(([name, entry]) => [
    name,
    {
      ...common,
      title: name,
      tier: entry.tier ?? 'apps',
      needs: entry.needs ?? ['gateway'],
      provides: entry.provides ?? [],
      build: (platform: Platform) => new TestComponent(platform, name, entry),
    },
  ]);
  return {
    ...Object.fromEntries(components),
    gateway: {
      ...common,
      title: 'Gateway',
      tier: 'gateway',
      needs: [],
      provides: ['gateway'],
      build: (platform) => new TestGateway(platform),
    },
  };
}

/** A platform named `test` of the given components and a gateway without pods. @param own components of hearth itself */
export function testPlatform(
  entries: Readonly<Record<string, TestEntry>>,
  config: Partial<PlatformConfig> = {},
  own: Catalogue = {},
): Platform {
  // Made by code of the test: no file says it whole, so that everything that it is made of counts.
  sawSources([__filename]);
  const minimal = { name: 'test', domain: 'hearth.test', cluster: 'k3s', services: { traefik: {} } };
  const services =
    config.services ?? Object.fromEntries([...Object.keys(entries), 'gateway'].map((name) => [name, {}]));
  return buildPlatform(
    {
      ...complete(platformSchema.parse(minimal), (problems) => new ConfigError('test.yaml', problems)),
      ...config,
      services,
    },
    { ...testCatalogue(entries), ...own },
  );
}

/** The smallest workload: a container that sleeps. */
export const sleeper: WorkloadProps = {
  image: 'docker.io/library/busybox:1.37',
  command: ['sleep', 'infinity'],
  user: { uid: 1234, gid: 5678 },
  resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
};

/** A program on one port, with a public route of its name; `props` say what is otherwise there. */
export const routed = (name: string, props: Partial<HttpRouteProps> = {}): TestEntry => ({
  build: (component) => {
    const server = new Deployment(component, name, { ...sleeper, ports: { http: 8000 } });
    new HttpRoute(component, name, { hosts: [name], to: server.endpoint('http'), access: 'public', ...props });
  },
});

const built = new Map<string, Platform>();

/** What `platforms/geoai.yaml` says, with the given settings instead of its own; services are replaced one by one. */
export function geoai(
  settings: Readonly<Record<string, unknown>> = {},
  services: Readonly<Record<string, unknown>> = {},
): Platform {
  const own = {
    name: 'geoai',
    domain: 'geoai.home.arpa',
    cluster: 'k3s',
    tls: { mode: 'self-signed' },
    ...settings,
    services: { traefik: {}, homepage: {}, mlflow: {}, minio: {}, postgis: {}, rustdesk: {}, ...services },
  };
  const text = YAML.stringify(own);
  // The same file gives the same platform: build it once for all tests.
  const platform = built.get(text) ?? buildPlatform(parsePlatform(text, 'geoai.yaml'));
  built.set(text, platform);
  return watchedPlatform(platform, text);
}

/** What a user reads of a platform that cannot be; undefined where it can. */
export function problems(make: () => unknown): string | undefined {
  try {
    make();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return undefined;
}

/** The whole manifest file of one component. */
export function manifestFile(platform: Platform, component: string): string {
  const path = platform.component(component).path;
  const text = manifests(platform).get(path);
  if (text === undefined) throw new Error(`no file ${path}`);
  return text;
}
