import { App } from 'cdk8s';
import { admitClients } from './clients';
import { Component } from './component';
import { definitionOf, type Catalogue } from './definition';
import { Graph } from './graph';
import type { Need } from './need';
import { refuseOverrides } from './override-checks';
import type { Problem } from './problem';
import type { Settings } from './settings';
import { Tier, tiers, type TierName } from './tier';

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
  private complete = false;
  /** What is provided → the services that do, in the order of the platform file. */
  private readonly providing = new Map<Need<unknown>, string[]>();
  private readonly tiersByName = new Map<TierName, Tier>();
  private readonly offers = new Map<Component, Readonly<Record<string, unknown>>>();

  constructor(
    readonly config: Settings,
    private readonly catalogue: Catalogue,
  ) {
    super();
    for (const [name, { component }] of Object.entries(config.services)) {
      for (const need of Object.values(this.definition(component).provides)) {
        this.providing.set(need, [...(this.providing.get(need) ?? []), name]);
      }
    }
    for (const name of Object.keys(config.services)) this.component(name);
    for (const component of this.components.values()) admitClients(component);
    for (const component of this.components.values()) component.complete();
    if (this.problems.length > 0) throw config.errorOf(this.problems);
    this.complete = true;
    // Late values may be values of bindings, too.
    for (const workload of this.graph.workloads) workload.connect();
    for (const component of this.components.values()) refuseOverrides(component);
    if (this.problems.length > 0) throw config.errorOf(this.problems);
  }

  /** Something in the platform file cannot be; it is said together with everything else that is found. */
  refuse(problem: Problem): void {
    this.problems.push(problem);
  }

  /** The component of that service, built at the first call. */
  component(name: string): Component {
    const known = this.components.get(name);
    if (known) return known;
    if (this.building.includes(name)) {
      const cycle = [...this.building.slice(this.building.indexOf(name)), name];
      throw new Error(`components need each other in a circle: ${cycle.join(' → ')}`);
    }
    const service = this.config.services[name];
    if (service === undefined)
      throw new Error(`${this.building.at(-1) ?? 'the platform'} needs ${name}, which is not among its services`);
    const definition = this.definition(service.component);
    this.building.push(name);
    const component = new Component(this, name, service.component, definition);
    const given = { options: definition.options.parse(service.options) };
    for (const [key, need] of Object.entries(definition.needs)) {
      Object.defineProperty(given, key, { enumerable: true, get: () => this.provider(need, component) });
    }
    for (const [key, need] of Object.entries(definition.optional)) {
      const get = () => (this.has(need) ? this.provider(need, component) : undefined);
      Object.defineProperty(given, key, { enumerable: true, get });
    }
    this.offers.set(component, definition.build(component, given) ?? {});
    this.building.pop();
    this.components.set(name, component);
    return component;
  }

  /** Whether every component has declared everything. */
  get isComplete(): boolean {
    return this.complete;
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

  /** The services that provide something, in the order of the platform file. */
  servicesFor(need: Need<unknown>): readonly string[] {
    return this.providing.get(need) ?? [];
  }

  /** Whether some service of the platform serves a need. */
  has(need: Need<unknown>): boolean {
    return this.servicesFor(need).length > 0;
  }

  /** What serves a need: the service that the consumer names, or the one that serves all. @param consumer who asks */
  provider<T>(need: Need<T>, consumer?: Component): T {
    const { services, providers, name: platform } = this.config;
    const named = (consumer && services[consumer.name]?.uses[need.name]) ?? providers[need.name];
    const name = named ?? this.servicesFor(need).at(-1);
    if (name === undefined) throw new Error(`no service of ${platform} provides ${need.name}`);
    return this.providerBy(need, name);
  }

  /** What a service of that name gives for a need. */
  providerBy<T>(need: Need<T>, service: string): T {
    const component = this.component(service);
    const [key] = Object.entries(component.definition.provides).find(([, token]) => token === need) ?? [];
    const offer = key === undefined ? undefined : this.offers.get(component)?.[key];
    if (offer === undefined) throw new Error(`${service} does not provide ${need.name}`);
    // What a definition returns is checked against its needs by the compiler.
    return offer as T;
  }

  /** One pod, or as many as high availability wants. */
  replicas(high: number): number {
    return this.config.availability === 'high' ? high : 1;
  }

  /** StorageClass of every claim; undefined for the cluster's default. */
  get storageClass(): string | undefined {
    return this.config.storage.class ?? (this.config.storage.retain ? `${this.config.namespacePrefix}-retain` : undefined);
  }

  private definition(component: string) {
    const found = definitionOf(this.catalogue, component);
    if (!found) throw new Error(`the catalogue has no ${component}`);
    return found;
  }
}
