import { CORE_SCHEMA, loadAll } from 'js-yaml';
import { manifests } from '../../lib/core/manifest-writer';
import type { Platform } from '../../lib/core/platform';
import { asked, watchedObjects } from '../prove/record';
import type { Container, Kind, Kinds, KubernetesObject, PodTemplate } from './kubernetes';

/** The objects of a manifest file. */
export function parse(text: string): KubernetesObject[] {
  return loadAll(text, undefined, { schema: CORE_SCHEMA }) as KubernetesObject[];
}

const known = new WeakMap<Platform, KubernetesObject[]>();

/** Every object of a platform but its definitions, read back from its manifests once. */
export function objectsOf(platform: Platform): KubernetesObject[] {
  return watchedObjects(platform, (of) => {
    const objects = known.get(of) ?? [...manifests(of)].flatMap(([path, text]) => (path.includes('-crds.') ? [] : parse(text)));
    known.set(of, objects);
    return objects;
  });
}

/** The objects of one kind. */
export function all<K extends Kind>(objects: readonly KubernetesObject[], kind: K): Kinds[K][] {
  return ofKind(asked(objects, `all ${kind}`), kind);
}

function ofKind<K extends Kind>(objects: readonly KubernetesObject[], kind: K): Kinds[K][] {
  return objects.filter((object) => object.kind === kind).map((object) => object as unknown as Kinds[K]);
}

/** The only object of that kind and name, in that namespace if it is given. */
export function find<K extends Kind>(objects: readonly KubernetesObject[], kind: K, name: string, namespace?: string): Kinds[K] {
  const list = ofKind(asked(objects, `find ${kind} ${name}${namespace === undefined ? '' : ` in ${namespace}`}`), kind);
  const found = list.filter(
    ({ metadata }) => metadata.name === name && (namespace === undefined || metadata.namespace === namespace),
  );
  if (found.length !== 1 || found[0] === undefined) {
    const names = list.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    throw new Error(`${found.length} ${kind} ${name} among ${names.join(', ')}`);
  }
  return found[0];
}

/** The job whose name starts so; its end is a hash. */
export function findJob(objects: readonly KubernetesObject[], name: string): Kinds['Job'] {
  const job = ofKind(asked(objects, `job ${name}`), 'Job').find(({ metadata }) => metadata.name.startsWith(`${name}-`));
  if (!job) throw new Error(`no job ${name}`);
  return job;
}

export interface Pods {
  /** For messages, for example `Deployment geoai-ai/mlflow`. */
  readonly owner: string;
  readonly namespace: string;
  readonly template: PodTemplate;
  /** Names of the claim templates. */
  readonly claimTemplates: readonly string[];
}

/** The pod templates of all controllers. */
export function podsOf(objects: readonly KubernetesObject[]): Pods[] {
  const pods = (
    kind: Kind,
    { name, namespace }: { name: string; namespace: string },
    template: PodTemplate,
    claimTemplates: string[] = [],
  ): Pods => ({ owner: `${kind} ${namespace}/${name}`, namespace, template, claimTemplates });
  return [
    ...all(objects, 'Deployment').map((o) => pods('Deployment', o.metadata, o.spec.template)),
    ...all(objects, 'StatefulSet').map((o) =>
      pods(
        'StatefulSet',
        o.metadata,
        o.spec.template,
        (o.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name),
      ),
    ),
    ...all(objects, 'DaemonSet').map((o) => pods('DaemonSet', o.metadata, o.spec.template)),
    ...all(objects, 'Job').map((o) => pods('Job', o.metadata, o.spec.template)),
    ...all(objects, 'CronJob').map((o) => pods('CronJob', o.metadata, o.spec.jobTemplate.spec.template)),
  ];
}

/** All containers of a pod template, init containers first. */
export function containersOf({ spec }: PodTemplate): Container[] {
  return [...((spec.initContainers as Container[] | undefined) ?? []), ...spec.containers];
}

/** One container of a pod template. */
export function container(template: PodTemplate, name: string): Container {
  const found = containersOf(template).find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no container ${name}`);
  return found;
}

/** Environment variable → its value, or `secret/key` where it comes from a Secret. */
export function envOf({ env }: Container): Record<string, string> {
  const value = (variable: Container['env'][number]) => {
    const key = (variable.valueFrom as { secretKeyRef?: { name: string; key: string } } | undefined)?.secretKeyRef;
    return key ? `${key.name}/${key.key}` : variable.value;
  };
  return Object.fromEntries((env ?? []).map((variable) => [variable.name, value(variable)]));
}
