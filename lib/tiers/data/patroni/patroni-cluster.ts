import type { Component } from '../../../core/component';
import { ConfigFiles } from '../../../core/config-files';
import type { ContainerProps } from '../../../core/container';
import { peerHosts, StatefulSet, type Deployment } from '../../../core/controllers';
import { Credential, literal, password } from '../../../core/credential';
import { temporary } from '../../../core/mount';
import { http } from '../../../core/probe';
import type { Volume } from '../../../core/volume';
import type { Workload } from '../../../core/workload';
import { passwordScript, type PlatformRole } from '../../../bindings/database-job';
import { images } from '../../../images';
import { exporterRole, postgresExporter } from '../postgres-exporter';
import { majorVersion, type ServerAccess } from '../postgres-server';
import { etcd } from './etcd';
import { haproxy } from './haproxy';
import {
  dataFolder,
  patroniFiles,
  patroniFolder,
  patroniRoles,
  rewindGrants,
  volumeFolder,
  type PatroniConfigProps,
} from './patroni-config';
import { configureScript, startScript, toLeaderScript } from './scripts';

export interface PatroniClusterProps extends Pick<PatroniConfigProps, 'members' | 'synchronous' | 'settings' | 'preload'> {
  /** Names of its workloads; the router's is the host that clients know. */
  readonly names: { readonly server: string; readonly etcd: string; readonly router: string };
  readonly data: Volume;
  /** The job that makes roles, and gives them new passwords. */
  readonly job: () => Workload;
  /** Whether an exporter runs beside every member. */
  readonly metrics: boolean;
  /** Whether the router has a page that shows the members. */
  readonly page: boolean;
  /** How many pods the router has. */
  readonly routers: number;
}

/** Names that its own roles and credentials take. */
export const reservedNames: readonly string[] = [patroniRoles.replication, patroniRoles.rewind, 'exporter', 'patroni'];

/**
 * PostgreSQL with one leader and streaming replicas, which Patroni keeps in order with the help of etcd, and HAProxy in
 * front, which leads to whoever leads. https://patroni.readthedocs.io/ and https://github.com/zalando/spilo
 */
export class PatroniCluster {
  readonly server: StatefulSet;
  /** Ports `write` and `read`, and `page` where it has one. */
  readonly router: Deployment;
  /** How its databases are made and dumped. */
  readonly access: ServerAccess;
  private readonly hosts: readonly string[];

  constructor(
    private readonly component: Component,
    private readonly props: PatroniClusterProps,
  ) {
    const { names, members, data, metrics } = props;
    this.hosts = peerHosts(component, names.server, members);
    const store = etcd(component, names.etcd, members > 1 ? 3 : 1);
    const superuser = this.superuser();
    const replicator = { ...this.role(patroniRoles.replication), attributes: 'REPLICATION' };
    const rewinder = { ...this.role(patroniRoles.rewind), grants: rewindGrants };
    const exporter = metrics ? exporterRole(component, props.job) : undefined;
    const restApi = new Credential(component, `${component.name}-patroni`, {
      keys: { username: literal('patroni'), password: password(20) },
    });
    const restEnv = {
      PATRONI_RESTAPI_USERNAME: restApi.key('username'),
      PATRONI_RESTAPI_PASSWORD: restApi.key('password'),
    };
    const files = new ConfigFiles(
      component,
      `${names.server}-patroni`,
      patroniFiles({
        ...props,
        scope: names.server,
        etcd: store.endpoint('client').members,
        settings: { timezone: component.platform.config.timeZone, ...props.settings },
      }),
    );
    this.server = new StatefulSet(component, names.server, {
      image: images.patroni,
      command: ['sh', '-c', startScript(this.hosts.slice(1))],
      env: {
        POD_NAME: { fieldPath: 'metadata.name' },
        POD_IP: { fieldPath: 'status.podIP' },
        PATRONI_SUPERUSER_PASSWORD: superuser.key('password'),
        PATRONI_REPLICATION_PASSWORD: replicator.password,
        PATRONI_REWIND_PASSWORD: rewinder.password,
        ...restEnv,
        HOME: '/tmp',
      },
      ports: { postgres: { port: 5432, offered: false }, rest: { port: 8008, offered: false } },
      peers: { ports: ['postgres', 'rest'], why: 'replication, and who may lead' },
      // The one with the newest data may be any of them.
      parallel: true,
      replicas: members,
      mounts: {
        [volumeFolder]: data,
        [patroniFolder]: files,
        '/run/secrets/superuser': superuser.files('password'),
        '/var/run/postgresql': temporary('run', '8Mi'),
        '/tmp': temporary('tmp', '256Mi'),
        '/dev/shm': temporary('shared-memory', '128Mi', 'memory'),
      },
      init: majorVersion(images.patroni, data, `${dataFolder}/PG_VERSION`),
      uses: [{ endpoint: store.endpoint('client'), why: 'who leads' }],
      user: { uid: 101, gid: 103 },
      // Ready: it leads, or its server streams. Alive: its loop turns, with or without etcd; but it begins with etcd.
      probes: { ready: http('/readiness?lag=64MB', 'rest'), live: http('/liveness', 'rest'), startupSeconds: 900 },
      // Time to write everything out, and to hand over.
      terminationGraceSeconds: 120,
      sidecars: exporter ? { exporter: postgresExporter(exporter) } : {},
      metrics: exporter ? { port: 'exporter', path: '/metrics' } : { port: 'rest', path: '/metrics' },
      resources: { requests: { cpu: '100m', memory: '512Mi' }, limits: { cpu: '2', memory: '1536Mi' } },
    });
    this.router = haproxy(component, names.router, { server: this.server, page: props.page, replicas: props.routers });
    this.access = {
      endpoint: this.router.endpoint('write'),
      superuser,
      clientImage: images.postgres,
      roles: [replicator, rewinder, ...(exporter ? [exporter] : [])],
      prepare: { configure: this.configure(files, restEnv) },
      prepares: [this.server.endpoint('rest')],
    };
  }

  /** Whoever leads gets the new password; a restart brings it to the rest. */
  private superuser(): Credential {
    return new Credential(this.component, this.component.name, {
      keys: { username: literal(patroniRoles.superuser), password: password(20) },
      storedIn: this.props.data,
      rotation: {
        keys: ['password'],
        by: 'command',
        in: () => this.server,
        command: ['sh', '-c', toLeaderScript(this.hosts)],
        // The input stays open: psql ends where it says so.
        input: ({ password: next = '' }) => `${passwordScript(patroniRoles.superuser, next)}\\q\n`,
      },
    });
  }

  /** A role of which every member knows the password. */
  private role(name: string): PlatformRole {
    const credential = new Credential(this.component, `${this.component.name}-${name}`, {
      keys: { password: password(20) },
      storedIn: this.props.data,
      rotation: { by: 'job', job: this.props.job },
    });
    return { name, password: credential.key('password') };
  }

  /** Patroni reads what holds for the whole cluster from its files at the very first start only. */
  private configure(files: ConfigFiles, env: Required<ContainerProps>['env']): ContainerProps {
    return {
      image: images.curl,
      command: ['sh', '-c', configureScript(this.hosts)],
      env,
      mounts: { [patroniFolder]: files },
      resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '200m', memory: '64Mi' } },
    };
  }
}
