import type { Component } from './component';
import { refuseEnv } from './override-env';
import { refuseHosts } from './override-hosts';
import { refuseImages } from './override-images';
import { refuseMarks } from './override-marks';
import { refusePlacement } from './override-placement';
import { refuseResources } from './override-resources';
import { refuseStorage } from './override-storage';

/** Refuses what the platform file says of a service and what this service cannot have; once every component is built. */
export function refuseOverrides(component: Component): void {
  if (Object.keys(component.overrides).length === 0) return;
  const checks = [refuseImages, refuseEnv, refuseHosts, refuseStorage, refuseResources, refusePlacement, refuseMarks];
  for (const refuse of checks) refuse(component);
}
