import { eventually, kubectl } from './kubectl';

export interface Member {
  readonly Member: string;
  readonly Role: string;
  readonly State: string;
}

/** The members of a PostgreSQL cluster, as Patroni knows them. */
export class PatroniMembers {
  constructor(
    private readonly namespace: string,
    /** Names of its pods; their container has the name of the stateful set. */
    private readonly pods: readonly string[],
  ) {}

  patronictl(pod: string, ...args: string[]): Promise<string> {
    const container = `--container=${pod.replace(/-\d+$/, '')}`;
    const command = ['patronictl', '-c', '/etc/patroni/patroni.yml', ...args];
    return kubectl([`--namespace=${this.namespace}`, 'exec', pod, container, '--', ...command]);
  }

  /** What Patroni says, by any member that answers. */
  async listed(): Promise<Member[]> {
    const answers = await Promise.all(this.pods.map((pod) => this.patronictl(pod, 'list', '-f', 'json').catch(() => '')));
    const answer = answers.find(Boolean);
    if (!answer) throw new Error('no member answers');
    return JSON.parse(answer) as Member[];
  }

  async leader(): Promise<string> {
    const found = (await this.listed()).find(({ Role }) => Role === 'Leader');
    if (!found) throw new Error('nobody leads');
    return found.Member;
  }

  /** Waits until one leads, one stands by synchronously, and all of three stream. */
  whole(seconds = 240): Promise<void> {
    return eventually(async () => {
      const found = await this.listed();
      expect(found.map(({ Role }) => Role).sort()).toEqual(['Leader', 'Replica', 'Sync Standby']);
      expect(found.every(({ Role, State }) => State === (Role === 'Leader' ? 'running' : 'streaming'))).toBe(true);
    }, seconds);
  }
}
