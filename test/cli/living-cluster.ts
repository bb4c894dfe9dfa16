import type { ApplyOptions, KubernetesObject, ObjectRef } from '../../cli/cluster/cluster';
import { refOf } from '../../cli/cluster/cluster';
import { Refusal } from '../../cli/refusal';
import { MemoryCluster, type Written } from './memory-cluster';
import { done } from './running-platform';

interface Applied extends KubernetesObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly template?: { readonly spec?: { readonly nodeSelector?: object } };
  };
}

/**
 * A cluster in memory in which everything succeeds at once: pods run as soon as their controller is applied, jobs are
 * complete, new kinds are known. An object gets a new version only where something in it changed.
 */
export class LivingCluster extends MemoryCluster {
  private counter = 0;
  /** Jobs whose name matches one of these fail, with this message of their main container. */
  readonly failing = new Map<RegExp, string>();
  /** Changes of these objects are refused, by `Kind name`, with this message of the API server. */
  readonly immutable = new Map<string, string>();

  override async apply(manifest: KubernetesObject, options: ApplyOptions = {}): Promise<KubernetesObject> {
    const before = await this.read(refOf(manifest));
    const same = before !== undefined && essence(before) === essence(manifest);
    const reason = this.immutable.get(`${manifest.kind} ${manifest.metadata.name}`);
    if (before && !same && reason !== undefined) throw new Refusal(`${this.title}: ${reason}`);
    const resourceVersion = same ? before.metadata.resourceVersion : String((this.counter += 1));
    const after = await super.apply({ ...manifest, metadata: { ...manifest.metadata, generation: 1, resourceVersion } }, options);
    if (options.dryRun || same) return after;
    this.live(after as Applied);
    return after;
  }

  override async create(manifest: KubernetesObject): Promise<KubernetesObject> {
    const made = await super.create(manifest);
    if (made.kind === 'Job') this.finish(made);
    return made;
  }

  override async patch(ref: ObjectRef, changes: object): Promise<void> {
    await super.patch(ref, changes);
    const patched = await this.read(ref);
    if (patched) this.live(patched);
  }

  override async delete(ref: ObjectRef): Promise<boolean> {
    if (ref.kind === 'Namespace') {
      for (const [key, { metadata }] of this.objects) if (metadata.namespace === ref.name) this.objects.delete(key);
    }
    for (let n = 0; n < 5; n++) this.objects.delete(`v1 Pod ${ref.namespace} ${ref.name}-${n}`);
    this.objects.delete(`v1 Pod ${ref.namespace} ${ref.name}-pod`);
    return super.delete(ref);
  }

  /** Verbs and objects of what was changed, without the Jobs of runs. */
  get changes(): string[] {
    return this.written.map(({ verb, ref }: Written) => `${verb} ${ref.kind} ${ref.name}`);
  }

  private live(object: Applied): void {
    const { kind, metadata, spec } = object;
    const established = { conditions: [{ type: 'Established', status: 'True' }] };
    if (kind === 'CustomResourceDefinition') this.put(withStatus(object, established));
    if (kind === 'Job') this.put(withStatus(object, done));
    if (kind !== 'Deployment' && kind !== 'StatefulSet' && kind !== 'DaemonSet') return;
    const stopped = spec?.template?.spec?.nodeSelector !== undefined;
    const replicas = stopped ? 0 : (spec?.replicas ?? 1);
    const counts = { replicas, readyReplicas: replicas, updatedReplicas: replicas };
    this.put(withStatus(object, { observedGeneration: 1, ...counts, currentRevision: '1', updateRevision: '1' }));
    const ref = (n: number) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: metadata.namespace,
      name: `${metadata.name}-${n}`,
    });
    for (let n = 0; n < 5; n++) {
      if (n >= replicas) this.objects.delete(`v1 Pod ${metadata.namespace} ${metadata.name}-${n}`);
      else this.put(pod(ref(n), spec?.selector?.matchLabels ?? {}));
    }
  }

  private finish(job: KubernetesObject): void {
    const { name, namespace, labels } = job.metadata;
    const message = [...this.failing].find(([pattern]) => pattern.test(name))?.[1];
    const failed = { conditions: [{ type: 'Failed', status: 'True', message: 'BackoffLimitExceeded' }] };
    this.put(withStatus(job, message === undefined ? done : failed));
    const terminated = message === undefined ? { exitCode: 0 } : { exitCode: 1, message };
    const main = (job as unknown as { spec: { template: { spec: { containers: { name: string }[] } } } }).spec.template.spec;
    this.put({
      ...pod(
        { apiVersion: 'v1', kind: 'Pod', namespace, name: `${name}-pod` },
        { ...labels, 'batch.kubernetes.io/job-name': name },
      ),
      ...{
        status: {
          phase: 'Succeeded',
          containerStatuses: [{ name: main.containers[0]?.name, restartCount: 0, state: { terminated } }],
        },
      },
    });
  }
}

const withStatus = (object: KubernetesObject, status: object): KubernetesObject => ({ ...object, ...{ status } });

const pod = (ref: ObjectRef, labels: Readonly<Record<string, string>>): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: ref.name,
    namespace: ref.namespace,
    uid: ref.name,
    labels,
    creationTimestamp: '2026-01-02T03:00:00Z',
  },
  ...{ spec: { containers: [] }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
});

function essence(object: KubernetesObject): string {
  const { metadata, ...rest } = object;
  const { name, namespace, labels, annotations } = metadata;
  return JSON.stringify({ ...rest, status: undefined, metadata: { name, namespace, labels, annotations } });
}
