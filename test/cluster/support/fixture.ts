import type { BackupTarget } from './backup-target';
import { Client } from './client';
import type { Hearth } from './hearth';
import { ProofContext, type OtherValues } from './proof-context';
import { Stopwatch } from './suite';
import type { Workspace } from './workspace';

/** What a suite starts with. */
export interface Start {
  readonly workspace: Workspace;
  readonly hearth: Hearth;
  /** @default no backups are made */
  readonly target?: BackupTarget;
}

/** A platform of a suite, the command line, and a user: there before the first test, and removed after the last one. */
export class PlatformFixture {
  readonly watch = new Stopwatch();
  private started?: Start;
  private user?: Client;

  /** To be called in the suite. @param start makes what is there before the platform is brought up */
  constructor(start: () => Promise<Start>) {
    beforeAll(async () => {
      this.started = await start();
    }, 240_000);

    afterAll(async () => {
      console.log(`${this.watch}`);
      if (process.env.HEARTH_TEST_KEEP) return;
      await this.user?.stop();
      await this.started?.workspace.remove();
      await this.started?.target?.stop();
    }, 600_000);
  }

  private get start(): Start {
    if (!this.started) throw new Error('the platform is there once the tests run');
    return this.started;
  }

  get workspace(): Workspace {
    return this.start.workspace;
  }

  get hearth(): Hearth {
    return this.start.hearth;
  }

  get target(): BackupTarget {
    const { target } = this.start;
    if (!target) throw new Error('the suite makes no backups');
    return target;
  }

  /** Lets a user come to the platform, whose gateway must be there; once more where it has a new address. */
  async welcome(): Promise<void> {
    await this.user?.stop();
    this.user = await Client.start(this.workspace);
  }

  /** A service as that user uses it. */
  use(service: string, other?: OtherValues): ProofContext {
    if (!this.user) throw new Error('nobody was welcomed to the platform');
    return new ProofContext(this.workspace, this.user, service, other);
  }
}
