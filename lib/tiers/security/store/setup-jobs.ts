import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Component } from '../../../core/component';
import { ConfigFiles, json } from '../../../core/config-files';
import { CronJob, Job } from '../../../core/controllers';
import { Credential, literal, password } from '../../../core/credential';
import type { Endpoint } from '../../../core/endpoint';
import { temporary } from '../../../core/mount';
import type { WorkloadProps } from '../../../core/workload';
import { images } from '../../../images';
import type { DatabaseUsers } from './database-users';
import { administrator, type DesiredState } from './desired-state';

export interface SetupJobsProps {
  /** Of the program, for people. */
  readonly title: string;
  readonly endpoint: Endpoint;
  readonly state: DesiredState;
  /** Key `secretId` each. */
  readonly setupKey: Credential;
  readonly snapshotKey: Credential;
  readonly keysSecret: string;
  readonly users?: DatabaseUsers;
}

/**
 * The job that founds the store and sets it up; one of its own for users of databases, which may wait for a server whose
 * password comes from the store; and both again every night: the cluster may sign tokens with other keys by then, and
 * PostgreSQL may have got a new password.
 */
export function setupJobs(owner: Component, props: SetupJobsProps): void {
  const { name } = owner;
  const { title, users, keysSecret } = props;
  const admin = new Credential(owner, name, {
    keys: { username: literal(administrator), password: password(24) },
    bootstrap: true,
    rotation: { by: 'job', job: () => setup },
  });
  const script = (file: string) => readFileSync(join(__dirname, file), 'utf8');
  const files = new ConfigFiles(owner, `${name}-setup`, {
    'state.json': json(props.state),
    'setup.mjs': script('setup.mjs'),
    'client.mjs': script('client.mjs'),
  });
  const env = { CA_FILE: '/etc/store-tls/ca.crt', SETUP_SECRET_ID: props.setupKey.key('secretId'), HOME: '/tmp' };
  const job = (...parts: string[]) =>
    ({
      image: images.node,
      command: ['node', '/etc/store-setup/setup.mjs', '/etc/store-setup/state.json', ...parts],
      mounts: {
        '/etc/store-setup': files,
        ...props.endpoint.trustAt('/etc/store-tls'),
        '/tmp': temporary('tmp', '16Mi'),
      },
      uses: [{ endpoint: props.endpoint, why: 'sets it up' }],
      user: { uid: 1000, gid: 1000 },
      resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { cpu: '500m', memory: '192Mi' } },
    }) satisfies WorkloadProps;
  const storeEnv = {
    ...env,
    ADMIN_PASSWORD: admin.key('password'),
    SNAPSHOT_SECRET_ID: props.snapshotKey.key('secretId'),
  };
  const kubernetes = {
    why: `Writes the keys of the storage of ${title} into the Secret ${keysSecret}, and reads with which keys the cluster signs tokens.`,
    namespaces: [owner.tier.namespace],
    rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: [keysSecret], verbs: ['get', 'patch'] }],
  };
  const setup: Job = new Job(owner, `${name}-setup`, { ...job('store'), env: storeEnv, kubernetes });
  if (users) new Job(owner, `${name}-databases`, { ...job('databases'), env: { ...env, ...users.env } });
  new CronJob(owner, `${name}-refresh`, {
    ...job('store', ...(users ? ['databases'] : [])),
    env: { ...storeEnv, ...users?.env },
    kubernetes,
    schedule: '37 3 * * *',
  });
}
