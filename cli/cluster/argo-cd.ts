import type { Platform } from '../../lib/core/platform';
import { Refusal } from '../refusal';
import type { Cluster, KubernetesObject } from './cluster';

interface Application extends KubernetesObject {
  readonly spec?: { readonly project?: string; readonly syncPolicy?: { readonly automated?: object } };
}

/**
 * Refuses where Argo CD keeps the platform as Git says: it would undo what a command changes.
 * @param what the command, for the message, for example `stop`
 */
export async function refuseUnderArgoCd(cluster: Cluster, { config }: Platform, what: string): Promise<void> {
  const applications = await cluster.list<Application>({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' });
  const automated = applications.filter(({ spec }) => spec?.project === config.name && spec.syncPolicy?.automated !== undefined);
  if (automated.length === 0) return;
  const names = automated.map(({ metadata }) => metadata.name);
  throw new Refusal(
    `${cluster.title}: Argo CD applies ${config.name} from Git and would undo ${what}; commit dist/ and let it sync, or turn its ` +
      `automatic sync off first: ${names.map((name) => `argocd app set ${name} --sync-policy none`).join('; ')}`,
  );
}
