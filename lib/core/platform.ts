import { App } from 'cdk8s';
import type { ObjectStore } from '../bindings/bucket';
import type { CacheServer } from '../bindings/cache';
import type { IdentityProvider } from '../bindings/oidc-client';
import type { SqlServer } from '../bindings/sql-database';
import type { Catalogue, CatalogueEntry } from '../catalogue';
import type { PlatformConfig } from '../config/platform-config';
import type { Problem } from '../config/problem';
import type { Component } from './component';
import type { Gateway } from './gateway';
import { Graph } from './graph';
import type { SignIn } from './sign-in';
import { Tier, tiers, type TierName } from './tier';

/** What a component may ask of another one without knowing which. */
export interface Providers {
  /** A database server. */
  sql: SqlServer;
  /** An S3 object store. */
  objectStore: ObjectStore;
  /** A store in memory for sessions, queues and caches, with the Redis protocol. */
  cache: CacheServer;
  /** Where requests from outside come in. */
  gateway: Gateway;
  /** Where people have their accounts. */
  identity: IdentityProvider;
  /** What lets only people through to routes who are signed in. */
  signIn: SignIn;
}
export type Need = keyof Providers;

/**
 * One platform file as a model: its tiers and components, and the graph of what they declared. Kubernetes objects follow
 * from it in `derive`. Components are built on demand and once, so that their order does not matter.
 */
export class Platform extends App {
  readonly graph = new Graph();
  /** What an operator should know although it is no error. */
  readonly notices = new Set<string>();
  private readonly problems: Problem[] = [];
  private readonly components = new Map<string, Component>();
  private readonly building: string[] = [];
  private readonly tiersByName = new Map<TierName, Tier>();
  private readonly providerNames: ReadonlyMap<Need, string>;
  private readonly offers: { readonly [N in Need]: Map<string, Providers[N]> } = {
    sql: new Map(),
    objectStore: new Map(),
    cache: new Map(),
    gateway: new Map(),
    identity: new Map(),
    signIn: new Map(),
  };

  constructor(
    readonly config: PlatformConfig,
    private readonly catalogue: Catalogue,
  ) {
    super();
    const names = Object.keys(config.services);
    this.providerNames = new Map([
      ...names.flatMap((name) => this.entry(name).provides.map((need) => [need, name] as const)),
      // Where several could, the platform file says which.
      ...Object.entries(config.providers).map(([need, name]) => [need as Need, name] as const),
    ]);
    for (const name of names) this.component(name);
    for (const component of this.components.values()) component.complete();
    if (this.problems.length > 0) throw config.errorOf(this.problems);
  }

  /** Something in the platform file cannot be; it is said together with everything else that is found. */
  refuse(problem: Problem): void {
    this.problems.push(problem);
  }

  /** The component of that name, built at the first call. */
  component(name: string): Component {
    const known = this.components.get(name);
    if (known) return known;
    if (this.building.includes(name)) {
      const cycle = [...this.building.slice(this.building.indexOf(name)), name];
      throw new Error(`components need each other in a circle: ${cycle.join(' → ')}`);
    }
    const options = this.config.services[name];
    if (options === undefined)
      throw new Error(`${this.building.at(-1) ?? 'the platform'} needs ${name}, which is not among its services`);
    this.building.push(name);
    const component = this.entry(name).build(this, options);
    this.building.pop();
    this.components.set(name, component);
    return component;
  }

  /** Name of the component that is being built; undefined once all of them are. */
  get underConstruction(): string | undefined {
    return this.building.at(-1);
  }

  /** The tiers in use, in order. */
  get tiers(): Tier[] {
    return [...this.tiersByName.values()].sort((a, b) => tiers[a.name].number - tiers[b.name].number);
  }

  tier(name: TierName): Tier {
    const tier = this.tiersByName.get(name) ?? new Tier(this, name);
    this.tiersByName.set(name, tier);
    return tier;
  }

  entry(name: string): CatalogueEntry {
    const entry = this.catalogue[name];
    if (!entry) throw new Error(`the catalogue has no ${name}`);
    return entry;
  }

  /** The database server of the platform. */
  sql(): SqlServer {
    return this.provider('sql');
  }

  /** The S3 object store of the platform. */
  objectStore(): ObjectStore {
    return this.provider('objectStore');
  }

  /** The cache of the platform. */
  cache(): CacheServer {
    return this.provider('cache');
  }

  /** Where requests from outside come in. */
  gateway(): Gateway {
    return this.provider('gateway');
  }

  /** Where people have their accounts. */
  identity(): IdentityProvider {
    return this.provider('identity');
  }

  /** What lets only people through to routes who are signed in. */
  signIn(): SignIn {
    return this.provider('signIn');
  }

  /** Whether some service of the platform serves a need. */
  has(need: Need): boolean {
    return this.providerNames.has(need);
  }

  /** One pod, or as many as high availability wants. */
  replicas(high: number): number {
    return this.config.availability === 'high' ? high : 1;
  }

  /** StorageClass of every claim; undefined for the cluster's default. */
  get storageClass(): string | undefined {
    return (
      this.config.storage.class ?? (this.config.storage.retain ? `${this.config.namespacePrefix}-retain` : undefined)
    );
  }

  /** A component says that it serves a need. */
  provide<N extends Need>(need: N, component: Component, provider: Providers[N]): void {
    this.offers[need].set(component.name, provider);
  }

  private provider<N extends Need>(need: N): Providers[N] {
    const consumer = this.building.at(-1);
    if (consumer && !this.entry(consumer).needs.includes(need)) {
      throw new Error(`${consumer} asks for ${need}: its catalogue entry must say so under needs`);
    }
    const name = this.providerNames.get(need);
    if (name === undefined) throw new Error(`no service of ${this.config.name} provides ${need}`);
    this.component(name);
    const provider = this.offers[need].get(name);
    if (!provider) throw new Error(`${name} does not provide ${need} as its catalogue entry says`);
    return provider;
  }
}
