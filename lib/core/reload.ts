import type { MountSource } from './mount';

/** How a running program takes over files that have changed; {@link ConfigFiles} without it restart the pods. */
export type Reload =
  /** It looks after its files itself. */
  | 'watched'
  /** Its process gets a signal, which it must know from its start on. */
  | { readonly signal: 'HUP' | 'USR1' | 'USR2' }
  /** A command in its container, again and again until it ends with 0. */
  | { readonly command: readonly string[] };

/** How often a container looks, in seconds; the kubelet itself may take a minute or two until it writes what has changed. */
const interval = 5;

/**
 * The command of a container that has its program reload: a shell that looks after the folders in the background, and becomes the
 * program. So it needs no second container, no shared process namespace and no right; it ends with the program. The kubelet
 * changes all files of a folder at once, by the link `..data`:
 * https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically
 * @param command of the program
 * @param mounts folder → what stands there
 */
export function withReload(
  command: readonly string[] | undefined,
  mounts: Readonly<Record<string, MountSource>> = {},
): readonly string[] | undefined {
  const watches = Object.entries(mounts).flatMap(([folder, { config }]) =>
    config?.reload === undefined || config.reload === 'watched' ? [] : watch(folder, config.reload),
  );
  if (watches.length === 0 || !command) return command;
  return ['sh', '-c', `${watches.join('')}exec "$@"\n`, 'sh', ...command];
}

/**
 * The process of this shell, whose place the program takes, is `${$}` also in the background. Without braces Kubernetes would take
 * one of the dollar signs away: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
const watch = (folder: string, reload: Exclude<Reload, 'watched'>): string => `known=$(readlink ${quoted(`${folder}/..data`)})
(
  while sleep ${interval} && kill -0 \${$} 2> /dev/null; do
    seen=$(readlink ${quoted(`${folder}/..data`)})
    [ "$seen" != "$known" ] || continue
    echo ${quoted(`The files in ${folder} have changed: the program reloads them.`)}
    ! ${'signal' in reload ? `kill -s ${reload.signal} \${$}` : reload.command.map(quoted).join(' ')} || known=$seen
  done
) &
`;

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
