import type { k8s } from 'cdk8s-plus-28';
import type { ContainerProps } from '../../../core/container';
import type { CronJobProps } from '../../../core/controllers';
import { temporary, type MountSource } from '../../../core/mount';
import type { Workload } from '../../../core/workload';
import { images } from '../../../images';

/** Where the volume is, in every container of its backup and its restore. */
export const volumeFolder = '/volume';

/** How many replicas the program had. On the volume, so that the next pod knows where this one does not come to its end. */
const replicasFile = `${volumeFolder}/.hearth-replicas`;

/** A claim that is archived while its program is stopped. */
export interface Archived {
  readonly workload: Workload;
  readonly claim: MountSource;
  /** Label of the pod whose claim it is, where each pod has its own. */
  readonly pod: Readonly<Record<string, string>>;
  /** Names of the jobs that stop the same program: only one of them runs at a time. */
  readonly jobs: readonly string[];
}

/**
 * What stands around the main container of such a backup, named `backup`: the program is stopped before it starts, and
 * runs again after it ended, however that was. A program that was stopped before stays stopped.
 * @param before containers that run while the program still does
 */
export function stopped(
  archived: Archived,
  before: Record<string, ContainerProps>,
): Pick<CronJobProps, 'container' | 'init' | 'sidecars' | 'kubernetes'> {
  const { workload, claim, jobs } = archived;
  const kind = `${workload.kind.toLowerCase()}s`;
  if (kind !== 'deployments' && kind !== 'statefulsets') {
    throw new Error(`${workload.name} has a volume that is archived, but a ${workload.kind} cannot be stopped`);
  }
  const kubectl = (script: string): ContainerProps => ({
    image: images.kubectl,
    command: ['sh', '-c', script],
    env: {
      POD: { fieldPath: 'metadata.name' },
      PROGRAM: `${kind}/${workload.name}`,
      PODS: labels(workload.selector),
      BACKUPS: `app.kubernetes.io/name=${workload.component.name},app.kubernetes.io/instance in (${jobs.join(',')})`,
      HOME: '/tmp',
    },
    mounts: { [volumeFolder]: claim, '/tmp': temporary('kubectl', '64Mi') },
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
  });
  const resourceNames = [workload.name];
  const rules: k8s.PolicyRule[] = [
    { apiGroups: ['apps'], resources: [kind], resourceNames, verbs: ['get'] },
    { apiGroups: ['apps'], resources: [`${kind}/scale`], resourceNames, verbs: ['patch'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
  ];
  return {
    container: 'backup',
    init: { ...before, stop: kubectl(stopScript) },
    sidecars: { start: kubectl(startScript) },
    kubernetes: {
      why: `The files of ${workload.name} are read while it is stopped: its backup scales it down, and up again.`,
      namespaces: [workload.namespace],
      rules,
    },
  };
}

const labels = (all: Record<string, string>) =>
  Object.entries(all)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** Runs the program again as it did before. */
const resume = `set -eu
resume() {
  until kubectl scale "$PROGRAM" --replicas="$(cat ${replicasFile})"; do sleep 2; done
  rm ${replicasFile}
}
`;

/** No answer of kubectl must look like a good one: each is tested for success first. */
const stopScript = `${resume}
# The oldest pod goes first.
until pods=$(kubectl get pods --selector="$BACKUPS" --field-selector=status.phase!=Succeeded,status.phase!=Failed --sort-by=.metadata.creationTimestamp --output=name) && [ "\${pods%%[!a-z0-9/.-]*}" = "pod/$POD" ]; do sleep 5; done
replicas=$(kubectl get "$PROGRAM" --output=jsonpath='{.spec.replicas}')
# With 0 a file that is there is of a run that was cut off.
if [ "$replicas" != 0 ] || [ ! -s ${replicasFile} ]; then
  printf '%s' "$replicas" > ${replicasFile}.new
  mv ${replicasFile}.new ${replicasFile}
fi
trap 'exit 1' TERM
trap 'if [ $? != 0 ]; then resume; fi' EXIT
kubectl scale "$PROGRAM" --replicas=0
wanted=$(kubectl get "$PROGRAM" --output=jsonpath='{.metadata.generation}')
attempts=300
until seen=$(kubectl get "$PROGRAM" --output=jsonpath='{.status.observedGeneration}') && [ "\${seen:-0}" -ge "$wanted" ] &&
  pods=$(kubectl get pods --selector="$PODS" --output=name) && [ -z "$pods" ]; do
  attempts=$((attempts - 1))
  if [ "$attempts" = 0 ]; then
    echo "$PROGRAM does not stop." >&2
    exit 1
  fi
  sleep 2
done
`;

const startScript = `${resume}
trap 'resume; exit 1' TERM
until ended=$(kubectl get pod "$POD" --output=jsonpath='{.status.containerStatuses[?(@.name=="backup")].state.terminated.finishedAt}') && [ -n "$ended" ]; do sleep 2; done
resume
`;

/** The main container of a restore: what was fetched takes the place of the volume's content. */
export function replaceContent(volume: Record<string, MountSource>): ContainerProps {
  return {
    image: images.busybox,
    command: ['sh', '-c', replaceScript],
    mounts: volume,
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '500m', memory: '64Mi' } },
  };
}

const replaceScript = `set -eu
cd ${volumeFolder}
if [ -z "$(ls -A .hearth-restore)" ]; then
  echo 'Nothing was fetched.' >&2
  exit 1
fi
for file in * .[!.]* ..?*; do
  case $file in .hearth-restore | .hearth-replicas | lost+found) continue ;; esac
  rm -rf "./$file"
done
for file in .hearth-restore/* .hearth-restore/.[!.]* .hearth-restore/..?*; do
  if [ -e "$file" ] || [ -L "$file" ]; then mv "$file" .; fi
done
rmdir .hearth-restore
`;
