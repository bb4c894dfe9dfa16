import { join } from 'node:path';
import * as YAML from 'yaml';
import { z } from 'zod';
import { parsePlatform } from '../../lib/config/load';
import { ConfigError } from '../../lib/core/problem';
import { Certificate } from '../../lib/core/certificate';
import type { Component } from '../../lib/core/component';
import { Deployment } from '../../lib/core/controllers';
import { Credential, literal, password } from '../../lib/core/credential';
import { htpasswd } from '../../lib/core/derived-rule';
import { defineComponent, type Catalogue, type Definition } from '../../lib/core/definition';
import { gateway } from '../../lib/core/gateway';
import { buildPlatform } from '../../lib/build-platform';
import type { Needs } from '../../lib/core/need';
import type { Platform } from '../../lib/core/platform';
import type { Settings } from '../../lib/core/settings';
import { HttpRoute, type HttpRouteProps } from '../../lib/core/route';
import type { TierName } from '../../lib/core/tier';
import type { WorkloadProps } from '../../lib/core/workload';
import { manifests } from '../../lib/core/manifest-writer';
import { sawSources, watchedPlatform } from '../prove/record';

/** The repository. */
export const root = join(__dirname, '../..');

/** A component of the test catalogue: what it declares, and the rest of its definition. */
export interface TestEntry {
  /** @default apps */
  readonly tier?: TierName;
  /** @default a gateway */
  readonly needs?: Needs;
  readonly provides?: Needs;
  /** @returns what it provides */
  build?(component: Component): unknown;
  complete?(component: Component): void;
}

const common = { documentation: 'https://example.org/', signIn: 'nothing', options: z.strictObject({}) };

/** A component of a test. */
export const definitionOf = (title: string, entry: TestEntry): Definition => ({
  ...common,
  title,
  tier: entry.tier ?? 'apps',
  needs: entry.needs ?? { gateway },
  optional: {},
  provides: entry.provides ?? {},
  sizes: {},
  build(self) {
    self.whenComplete(() => entry.complete?.(self));
    const made = entry.build?.(self);
    return typeof made === 'object' && made !== null ? { ...made } : undefined;
  },
});

/** A gateway without pods. */
const testGateway = defineComponent({
  ...common,
  title: 'Gateway',
  tier: 'gateway',
  provides: { gateway },
  build(self) {
    const basicAuth = new Credential(self, 'gateway-basic-auth', {
      keys: { username: literal('admin'), password: password(16), users: htpasswd('admin', 'password') },
    });
    const podLabels = { 'app.kubernetes.io/name': 'gateway', 'app.kubernetes.io/instance': 'gateway' };
    const peer = { namespace: self.tier.namespace, podLabels };
    return { gateway: { peer, routeTls: {}, requests: { strictTransport: false }, basicAuth } };
  },
});

/** Settings of a platform, with its services as a file says them. */
export type TestSettings = Partial<Omit<Settings, 'services'>> & {
  readonly services?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/** A platform named `test` of the given components and a gateway without pods. @param own components of hearth itself */
export function testPlatform(
  entries: Readonly<Record<string, TestEntry>>,
  settings: TestSettings = {},
  own: Catalogue = {},
): Platform {
  // Made by code of the test: no file says it whole, so that everything that it is made of counts.
  sawSources([__filename]);
  const shortest = 'name: test\ndomain: hearth.test\ncluster: k3s\nservices: { traefik: {} }\n';
  const all = [...Object.keys(entries), 'gateway'];
  const services: NonNullable<TestSettings['services']> = settings.services ?? Object.fromEntries(all.map((name) => [name, {}]));
  const named = Object.entries(services).map(([name, { component = name, uses = {}, ...options }]) => [
    name,
    { component, uses, options },
  ]);
  return buildPlatform(
    {
      ...parsePlatform(shortest, 'test.yaml'),
      // No line of a file says what the test says.
      errorOf: (problems) => new ConfigError('test.yaml', problems),
      ...settings,
      services: Object.fromEntries(named),
    },
    {
      ...Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, () => definitionOf(name, entry)])),
      gateway: () => testGateway,
      ...own,
    },
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

/** The same with TLS, by a certificate of its own. */
export const secured = (name: string, props: Partial<HttpRouteProps> = {}): TestEntry => ({
  build: (component) => {
    const tls = new Certificate(component, name);
    const server = new Deployment(component, name, {
      ...sleeper,
      ports: { http: { port: 8000, tls } },
      mounts: { '/etc/tls': tls.shown },
    });
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
