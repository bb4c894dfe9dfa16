import type {
  ApplyOptions,
  Cluster,
  CommandResult,
  KubernetesObject,
  ListOptions,
  LogOptions,
  ObjectKind,
  ObjectRef,
  PodContainer,
} from '../../cli/cluster/cluster';
import { refOf } from '../../cli/cluster/cluster';
import { Refusal } from '../../cli/refusal';
import { MemoryStore } from './world';

const keyOf = ({ apiVersion, kind, namespace, name }: ObjectRef) => [apiVersion, kind, namespace ?? '', name].join(' ');

/** A change that a command made to the cluster in memory. */
export interface Written {
  readonly verb: 'apply' | 'create' | 'patch' | 'delete';
  readonly ref: ObjectRef;
  readonly body?: object;
}

/**
 * A cluster in memory: holds objects, and runs nothing. Status, pods and events are what a test puts there.
 * Server-side apply replaces the object but for its status.
 */
export class MemoryCluster implements Cluster {
  readonly context = 'memory';
  readonly title = 'context memory, https://127.0.0.1:1';
  readonly secrets = new MemoryStore();
  readonly objects = new Map<string, KubernetesObject>();
  /** Everything that was changed, in order. */
  readonly written: Written[] = [];
  /** Called after every change: a test can let things happen then. */
  after: (change: Written) => void = () => undefined;
  /** Whether the operator may do something, as a SelfSubjectAccessReview asks. */
  allows: (attributes: Readonly<Record<string, string>>) => boolean = () => true;
  /** What a command in a container answers. */
  answer: (inside: PodContainer, command: readonly string[], input?: string) => CommandResult = () => ({
    code: 0,
    stdout: '',
    stderr: '',
  });
  /** What the log of a container says. */
  logOf: (from: PodContainer, options: LogOptions) => string = () => '';

  put(object: KubernetesObject): void {
    this.objects.set(keyOf(refOf(object)), object);
  }

  async version(): Promise<string> {
    return 'v1.34.3';
  }

  async read<T extends KubernetesObject>(ref: ObjectRef): Promise<T | undefined> {
    const found = this.objects.get(keyOf(ref));
    return found && (structuredClone(found) as T);
  }

  async list<T extends KubernetesObject>(
    { apiVersion, kind }: ObjectKind,
    { namespace, labels = {} }: ListOptions = {},
  ): Promise<T[]> {
    return [...this.objects.values()]
      .filter((object) => object.apiVersion === apiVersion && object.kind === kind)
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
      .filter(({ metadata }) => Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value))
      .map((object) => structuredClone(object) as T);
  }

  async apply(manifest: KubernetesObject, { dryRun = false }: ApplyOptions = {}): Promise<KubernetesObject> {
    const before = this.objects.get(keyOf(refOf(manifest)));
    const status = before && 'status' in before ? { status: before.status } : {};
    const next = { ...structuredClone(manifest), ...status };
    if (dryRun) return next;
    this.put(next);
    this.note({ verb: 'apply', ref: refOf(manifest), body: manifest });
    return next;
  }

  async create(manifest: KubernetesObject): Promise<KubernetesObject> {
    // A question, of which nothing stays.
    if (isReview(manifest)) {
      return { ...manifest, ...{ status: { allowed: this.allows(manifest.spec.resourceAttributes) } } };
    }
    if (this.objects.has(keyOf(refOf(manifest)))) throw new Refusal(`${manifest.metadata.name} exists`);
    this.put(structuredClone(manifest));
    this.note({ verb: 'create', ref: refOf(manifest), body: manifest });
    return manifest;
  }

  async patch(ref: ObjectRef, changes: object): Promise<void> {
    const found = this.objects.get(keyOf(ref));
    if (!found) throw new Refusal(`there is no ${ref.kind} ${ref.name}`);
    this.put(merged(found, changes) as KubernetesObject);
    this.note({ verb: 'patch', ref, body: changes });
  }

  async delete(ref: ObjectRef): Promise<boolean> {
    const found = this.objects.delete(keyOf(ref));
    if (found) this.note({ verb: 'delete', ref });
    return found;
  }

  logs: Cluster['logs'] = async (from, options, to) => {
    to.write(this.logOf(from, options));
  };

  async exec(inside: PodContainer, command: readonly string[], input?: string): Promise<CommandResult> {
    return this.answer(inside, command, input);
  }

  private note(change: Written): void {
    this.written.push(change);
    this.after(change);
  }
}

interface AccessReview extends KubernetesObject {
  readonly spec: { readonly resourceAttributes: Readonly<Record<string, string>> };
}

const isReview = (object: KubernetesObject): object is AccessReview => object.kind === 'SelfSubjectAccessReview';

/** JSON merge patch. */
function merged(target: unknown, changes: object): object {
  const result: Record<string, unknown> = typeof target === 'object' && target !== null ? { ...target } : {};
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) result[key] = undefined;
    else result[key] = typeof value === 'object' && !Array.isArray(value) ? merged(result[key], value as object) : value;
  }
  return result;
}
