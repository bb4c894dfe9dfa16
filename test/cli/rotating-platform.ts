import { z } from 'zod';
import { catalogue as shipped } from '../../lib/catalogue';
import { CronJob, Deployment, Job, StatefulSet } from '../../lib/core/controllers';
import { Credential, hexadecimal, literal, password, supplied } from '../../lib/core/credential';
import { htpasswd } from '../../lib/core/derived-rule';
import { defineComponent, type Catalogue } from '../../lib/core/definition';
import type { Endpoint } from '../../lib/core/endpoint';
import { needFor } from '../../lib/core/need';
import { Volume } from '../../lib/core/volume';
import type { WorkloadProps } from '../../lib/core/workload';
import { loadPlatform } from '../../lib/config/load';
import { buildPlatform } from '../../lib/build-platform';
import { join } from 'node:path';
import type { KubernetesObject } from '../../cli/cluster/cluster';
import type { World } from '../../cli/world';
import { commandLine, type Said } from './command-line';
import { MemoryCluster } from './memory-cluster';
import { hearthFolder, type MemoryStore } from './world';

const sleeper: WorkloadProps = {
  image: 'docker.io/library/busybox:1.37',
  user: { uid: 1000, gid: 1000 },
  resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
};

/** The values that the server below keeps. */
interface Values {
  readonly app: Credential;
  readonly token: Credential;
  readonly endpoint: Endpoint;
}
const values = needFor<Values>('values', 'a server with values');

const common = { documentation: 'https://example.org/', signIn: 'nothing', options: z.looseObject({}) };

/** A server that learns values by a job and by a command, in the place of RustDesk. */
const server = defineComponent({
  ...common,
  title: 'Server',
  tier: 'tooling',
  provides: { values },
  build(self) {
    const data = new Volume('data', { size: '1Gi', backup: 'none' });
    const root: Credential = new Credential(self, 'root', {
      keys: { username: literal('root'), password: password(20), users: htpasswd('root', 'password') },
      storedIn: data,
      rotation: {
        by: 'command',
        in: () => server,
        command: ['sh', '-c', 'learn'],
        input: ({ username, password: word }) => `${username}=${word}`,
      },
    });
    const server = new StatefulSet(self, 'server', {
      ...sleeper,
      ports: { main: 5432 },
      mounts: { '/data': data, '/run/secrets/root': root.files('password') },
    });
    const app = new Credential(self, 'app', {
      keys: { username: literal('app'), password: password(20) },
      rotation: { by: 'job', job: () => job },
    });
    const job: Job = new Job(self, 'server-users', {
      ...sleeper,
      env: { ROOT: root.key('password'), APP: app.key('password') },
      uses: [{ endpoint: server.endpoint('main'), why: 'makes users' }],
    });
    const token = new Credential(self, 'token', {
      keys: { id: hexadecimal(20), secret: hexadecimal(40) },
      rotation: { by: 'restart', keys: ['secret'] },
    });
    new CronJob(self, 'nightly', { ...sleeper, schedule: '0 3 * * *', env: { TOKEN: token.key('secret') } });
    new Credential(self, 'remembered', { keys: { key: hexadecimal(20) }, storedIn: data });
    new Credential(self, 'chosen', { keys: { word: password(20) }, notRotated: 'people choose their own at first' });
    new Credential(self, 'fixed', { keys: { username: literal('fixed') } });
    new Credential(self, 'backup', {
      keys: { accessKeyId: supplied('access key of the backup target'), 'secret.key': supplied('secret key of it') },
    });
    return { values: { app, token, endpoint: server.endpoint('main') } };
  },
});

/** Programs that read the values, in another namespace, in the place of MLflow. */
const readers = defineComponent({
  ...common,
  title: 'Readers',
  tier: 'ai',
  needs: { values },
  build(self, { values: { app, token, endpoint } }) {
    const uses = [{ endpoint, why: 'reads' }];
    new Deployment(self, 'reader', { ...sleeper, uses, env: { APP: app.key('password') } });
    new Deployment(self, 'caller', { ...sleeper, uses, env: { TOKEN: token.key('secret') } });
    new Deployment(self, 'other', sleeper);
  },
});

export const catalogue: Catalogue = { ...shipped, rustdesk: () => server, mlflow: () => readers };

/** What the operator must supply. */
export const env = { HEARTH_BACKUP_ACCESSKEYID: 'access-of-backup', HEARTH_BACKUP_SECRET_KEY: 'secret-of-backup\n' };

export const root = hearthFolder();

const platformFrom = (from: Catalogue) => buildPlatform(loadPlatform(join(root, 'platforms/home.yaml'), from), from);

/** A cluster where the platform runs, its Secrets are made, and jobs complete at once. */
export async function runningCluster(from = catalogue): Promise<MemoryCluster> {
  const memory = new MemoryCluster();
  const { code, err } = await credentials(memory, [], { catalogue: from });
  if (code !== 0) throw new Error(err);
  for (const workload of platformFrom(from).graph.workloads) {
    const { kind, name, namespace, selector, component } = workload;
    if (kind === 'Job' || kind === 'CronJob') continue;
    const status = { replicas: 1, readyReplicas: 1, updatedReplicas: 1, availableReplicas: 1 };
    memory.put(object('apps/v1', kind, namespace, name, { spec: { replicas: 1 }, status }));
    const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    const containers = [{ name: component.name }];
    const pod = object('v1', 'Pod', namespace, `${name}-0`, { spec: { containers }, status: ready });
    memory.put({ ...pod, metadata: { ...pod.metadata, labels: selector } });
  }
  memory.after = ({ verb, ref }) => {
    if (verb === 'create' && ref.kind === 'Job') endJob(memory, 'Complete');
  };
  return memory;
}

const object = (apiVersion: string, kind: string, namespace: string, name: string, rest: object): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { namespace, name },
  ...rest,
});

/** Ends the newest job. */
export function endJob(memory: MemoryCluster, type: 'Complete' | 'Failed', message = ''): void {
  const job = [...memory.objects.values()].filter(({ kind }) => kind === 'Job').at(-1);
  if (!job) throw new Error('there is no job');
  memory.put({ ...job, ...{ status: { conditions: [{ type, status: 'True', message }] } } });
}

/** Runs `credentials home` with these options. */
export const credentials = (
  memory: MemoryCluster,
  options: readonly string[],
  given: Partial<World> & Pick<Parameters<typeof commandLine>[1] & object, 'answers'> = {},
): Promise<Said> => commandLine(['credentials', 'home', ...options], { memory, root, catalogue, env, ...given });

/** The controllers that were restarted, in order. */
export const restarted = ({ written }: MemoryCluster): string[] =>
  written.filter(({ verb }) => verb === 'patch').map(({ ref }) => `${ref.kind} ${ref.namespace}/${ref.name}`);

/** The Secrets that say that a rotation is under way. */
export const pending = ({ annotations }: MemoryStore): string[] =>
  [...annotations].flatMap(([id, all]) => (all['hearth/rotation'] === 'pending' ? [id] : []));
