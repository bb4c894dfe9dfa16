import type { k8s } from 'cdk8s-plus-28';
import type { Settings } from './settings';

/** Where the nodes of a platform get images from. */
export interface ImageSources {
  /** In place of the registry of every image that no mirror names: host, and a path if need be. @default their own */
  readonly registry?: string;
  /** Registry, or the beginning of a name → what stands in its place; the longest that fits. @default none */
  readonly mirrors: Readonly<Record<string, string>>;
  /** Secrets of type kubernetes.io/dockerconfigjson that are in every namespace of the platform. @default none */
  readonly pullSecrets: readonly string[];
}

/** The name by which nodes pull an image. */
export function pulledImage({ images: { registry, mirrors } }: Settings, image: string): string {
  if (registry === undefined && Object.keys(mirrors).length === 0) return image;
  const full = fullName(image);
  const [mirrored] = Object.keys(mirrors)
    .filter((prefix) => full.startsWith(prefix) && /^($|[/:@])/.test(full.slice(prefix.length)))
    .sort((a, b) => b.length - a.length);
  if (mirrored !== undefined) return `${mirrors[mirrored]}${full.slice(mirrored.length)}`;
  return registry === undefined ? image : `${registry}${full.slice(full.indexOf('/'))}`;
}

/** With what a container runtime fills in: `docker.io/library/busybox:1.37` for `busybox:1.37`. */
function fullName(image: string): string {
  const [first = ''] = image.split('/');
  if (image.includes('/') && (/[.:]/.test(first) || first === 'localhost')) return image;
  return `docker.io/${image.includes('/') ? '' : 'library/'}${image}`;
}

/** What pods sign in to registries with. */
export function pullSecrets({ images }: Settings): Pick<k8s.PodSpec, 'imagePullSecrets'> {
  if (images.pullSecrets.length === 0) return {};
  return { imagePullSecrets: images.pullSecrets.map((name) => ({ name })) };
}

/** No tag, or `latest`, and no digest. */
export function isFloating(image: string): boolean {
  const name = image.split('/').at(-1) ?? '';
  return !name.includes('@') && (!name.includes(':') || name.endsWith(':latest'));
}
