import type { BackedUp } from './backup';
import type { Admission } from './clients';
import type { Component } from './component';
import type { ConfigFiles } from './config-files';
import type { Credential } from './credential';
import type { CredentialStore } from './credential-store';
import type { Endpoint } from './endpoint';
import type { Route } from './route';
import type { Workload } from './workload';

/** A consumer opens connections to an endpoint. */
export interface Connection {
  readonly from: Workload;
  readonly to: Endpoint;
  readonly why: string;
}

/** Where a workload departs from the hardened defaults, and why. */
export interface Exception {
  readonly workload: Workload;
  readonly what: string;
  readonly why: string;
}

/** Everything the components of a platform declared; complete once every component is built. */
export class Graph {
  readonly workloads: Workload[] = [];
  readonly connections: Connection[] = [];
  /** Ports that are open to pods outside the platform. */
  readonly admissions: Admission[] = [];
  readonly routes: Route[] = [];
  readonly configFiles: ConfigFiles[] = [];
  readonly credentials: Credential[] = [];
  readonly exceptions: Exception[] = [];
  /** What is backed up and how, the most critical first. */
  readonly backups: BackedUp[] = [];
  /** Where the credentials are kept; undefined where the cluster keeps them, or something outside the platform. */
  credentialStore?: CredentialStore;
  private readonly connected = new Set<string>();

  /** What a component runs. */
  workloadsOf(component: Component): Workload[] {
    return this.workloads.filter((workload) => workload.component === component);
  }

  /** What keeps running and uses one of these components, without being part of them. */
  usersOf(components: readonly Component[]): Workload[] {
    const users = this.connections
      .filter(({ to }) => components.includes(to.workload.component))
      .map(({ from }) => from)
      .filter(({ component, replicas }) => replicas > 0 && !components.includes(component));
    return [...new Set(users)];
  }

  connect(from: Workload, to: Endpoint, why: string): void {
    const edge = `${from.node.path} → ${to.workload.node.path}:${to.port.name}`;
    if (this.connected.has(edge)) return;
    this.connected.add(edge);
    this.connections.push({ from, to, why });
  }
}
