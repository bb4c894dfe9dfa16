import type { Component } from '../../../core/component';

/** Full host names of the pods of a stateful set that is yet to be made, for members that must know each other. */
export function memberHosts(component: Component, name: string, members: number): string[] {
  const { clusterDomain } = component.platform.config.network;
  const domain = `${name}-peers.${component.tier.namespace}.svc.${clusterDomain}`;
  return Array.from({ length: members }, (_, member) => `${name}-${member}.${domain}`);
}

/** The same of the own pod, where Kubernetes fills in its name. */
export const ownHost = (variable: string, [first = '']: readonly string[]) => first.replace(/^[^.]+/, () => variable);
