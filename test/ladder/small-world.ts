import type { Credential } from '../../lib/core/credential';
import type { Platform } from '../../lib/core/platform';
import type { Workload } from '../../lib/core/workload';
import type { ClaimState, Cluster, PodState } from '../cluster/support/cluster';
import type { Ground } from '../cluster/support/ladder';
import type { Proof } from '../cluster/support/proof';
import type { OtherValues } from '../cluster/support/proof-context';
import { apiServer, PolicyNetwork } from './policy-network';

/** What may go wrong in it. */
export type Fault =
  | 'up says that it changes something again'
  | 'up writes again, and does not say so'
  | 'something differs after up'
  | 'a write is lost'
  | 'a write takes the place of another one'
  | 'no pod is deleted'
  | 'no pod comes back'
  | 'data is in memory only'
  | 'no value is rotated'
  | 'new values are printed'
  | 'nobody is restarted for new values'
  | 'new values are refused'
  | 'old values are let in'
  | 'a backup leaves one out'
  | 'a restore restores nothing'
  | 'a restore onto new volumes restores nothing'
  | 'a restore changes what it restores'
  | 'no volume is lost'
  | 'no volume comes again';

/** Who uses the database of the world. */
interface User {
  readonly other?: OtherValues;
}

const user = 'postgis-gis';
const database = 'postgis';

/** A cluster and a command line in memory, for one database: as they should be, but for one fault. */
export class SmallWorld implements Ground<User> {
  readonly apiServer = apiServer;
  readonly network: PolicyNetwork;
  private count = 0;
  private content: Record<string, string> = {};
  private saved?: Record<string, string>;
  private isUp = false;
  private onNewVolumes = false;
  private readonly podsOf = new Map<Workload, PodState[]>();
  private readonly claimsOf = new Map<Workload, ClaimState[]>();
  private readonly valuesOf = new Map<Credential, Record<string, string>>();
  private letIn: string[];

  constructor(
    readonly platform: Platform,
    private readonly fault?: Fault,
  ) {
    this.network = new PolicyNetwork(platform);
    const { workloads, credentials } = platform.graph;
    for (const workload of workloads) {
      const pods = Array.from({ length: workload.replicas }, (_, i) => `${workload.name}-${i}`);
      this.podsOf.set(
        workload,
        pods.map((name) => ({ name, uid: this.next(), ready: true })),
      );
      const claims = workload.volumes.flatMap((volume) => volume.claimNames(workload));
      this.claimsOf.set(
        workload,
        claims.map((name) => ({ name, uid: this.next() })),
      );
    }
    for (const credential of credentials) this.valuesOf.set(credential, this.newValues(credential));
    this.letIn = [this.valueOfUser];
  }

  private next(): string {
    return `number-${++this.count}`;
  }

  private newValues({ keys }: Credential): Record<string, string> {
    return Object.fromEntries(Object.keys(keys).map((key) => [key, this.next()]));
  }

  private get valueOfUser(): string {
    const credential = this.platform.graph.credentials.find(({ name }) => name === user);
    return (credential && this.valuesOf.get(credential)?.password) ?? '';
  }

  readonly cluster: Cluster = {
    pods: (workload) => Promise.resolve(this.podsOf.get(workload) ?? []),
    deletePods: (workload) => {
      if (this.fault === 'data is in memory only' && workload.name === database) this.content = {};
      if (this.fault !== 'no pod is deleted') this.replacePods(workload);
      return Promise.resolve();
    },
    claims: (workload) => Promise.resolve(this.claimsOf.get(workload) ?? []),
    deleteClaims: (workload) => {
      if (this.fault === 'no volume is lost') return Promise.resolve();
      const claims = this.claimsOf.get(workload) ?? [];
      const again = this.fault === 'no volume comes again' ? [] : claims.map(({ name }) => ({ name, uid: this.next() }));
      this.claimsOf.set(workload, again);
      if (workload.name === database) this.content = {};
      this.onNewVolumes = true;
      return Promise.resolve();
    },
    values: (credential) => Promise.resolve(this.valuesOf.get(credential) ?? {}),
    versions: () => {
      const version = this.isUp && this.fault === 'up writes again, and does not say so' ? this.next() : 'same';
      return Promise.resolve({ 'ConfigMap proofs-data/postgis': version, 'Service proofs-data/postgis': 'same' });
    },
  };

  private replacePods(workload: Workload): void {
    const ready = this.fault !== 'no pod comes back';
    const pods = this.podsOf.get(workload) ?? [];
    this.podsOf.set(
      workload,
      pods.map(({ name }) => ({ name, uid: this.next(), ready })),
    );
  }

  readonly hearth = {
    attempt: (command: string) => {
      const code = command === 'diff' && this.fault === 'something differs after up' ? 1 : 0;
      return Promise.resolve({ code, stdout: code === 0 ? '' : 'ConfigMap postgis differs', stderr: '' });
    },
    succeed: (...args: string[]) => Promise.resolve(this.command(args)),
  };

  private command([command, , option, value]: string[]): string {
    switch (command) {
      case 'up': {
        const changes = this.isUp && this.fault !== 'up says that it changes something again' ? 0 : 3;
        this.isUp = true;
        return `${changes} made or changed`;
      }
      case 'credentials':
        return this.rotate(value ?? '');
      case 'backup':
        return option === '--list' ? this.list(value) : this.save();
      case 'restore':
        return this.restore();
      default:
        throw new Error(`nobody asked for ${command}`);
    }
  }

  private rotate(name: string): string {
    const credential = this.platform.graph.credentials.find((candidate) => candidate.name === name);
    if (!credential || this.fault === 'no value is rotated') return 'rotated';
    this.valuesOf.set(credential, this.newValues(credential));
    if (name === user) {
      const { valueOfUser } = this;
      if (this.fault === 'old values are let in') this.letIn.push(valueOfUser);
      else if (this.fault !== 'new values are refused') this.letIn = [valueOfUser];
    }
    if (this.fault !== 'nobody is restarted for new values') {
      for (const workload of this.platform.graph.workloads) {
        if (workload.credentials.includes(credential)) this.replacePods(workload);
      }
    }
    return this.fault === 'new values are printed' ? JSON.stringify(this.valuesOf.get(credential)) : 'rotated';
  }

  private save(): string {
    this.saved = { ...this.content };
    return '';
  }

  private list(option?: string): string {
    if (!this.saved) return 'There is no backup yet';
    const names = this.platform.graph.backups.map(({ name }) => ({ name }));
    const made = this.fault === 'a backup leaves one out' ? names.slice(1) : names;
    return option === undefined ? made.map(({ name }) => name).join('\n') : JSON.stringify(made);
  }

  private restore(): string {
    const nothing =
      this.fault === 'a restore restores nothing' ||
      (this.fault === 'a restore onto new volumes restores nothing' && this.onNewVolumes);
    if (!nothing) this.content = { ...this.saved };
    if (this.fault === 'a restore changes what it restores') this.content.first = 'another text';
    return '';
  }

  contextOf = (_: string, other?: OtherValues): User => ({ other });

  private signIn({ other }: User): void {
    if (other?.credential === user) other.used = true;
    const given = other?.credential === user ? other.values.password : this.valueOfUser;
    if (!this.letIn.includes(given ?? '')) throw new Error('password authentication failed for user "gis"');
  }

  /** How the database is used. */
  readonly proof: Proof<User> = {
    component: database,
    services: {},
    write: (as, name) => {
      this.signIn(as);
      const kept = this.fault === 'a write takes the place of another one' ? {} : this.content;
      if (this.fault !== 'a write is lost') this.content = { ...kept, [name]: `text of ${name}` };
      return Promise.resolve();
    },
    read: async (as) => {
      await Promise.resolve();
      this.signIn(as);
      return { ...this.content };
    },
  };
}
