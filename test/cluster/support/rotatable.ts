import type { Platform } from '../../../lib/core/platform';

/** Of one service: credentials that get new values by command, and are read by it, or by nobody else. @returns their names */
export function rotatable(graph: Platform['graph'], service: string): string[] {
  return graph.credentials
    .filter(({ rotation, keys }) => rotation !== undefined && Object.values(keys).every(({ kind }) => kind !== 'supplied'))
    .filter((credential) => {
      const readers = graph.workloads.filter(
        ({ component, replicas, credentials }) =>
          replicas > 0 && component !== credential.owner && credentials.includes(credential),
      );
      const names = readers.length > 0 ? readers.map(({ component }) => component.name) : [credential.owner.name];
      return names.includes(service);
    })
    .map(({ name }) => name);
}
