import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Background, findProgram, freePort, postgresFolders, run, succeed } from '../../api/support/programs';

/** Folder of the server's programs, whose versions belong together. */
export const postgresPrograms = dirname(findProgram('postgres', postgresFolders()) ?? '');

/** An empty PostgreSQL on a free port, in a temporary folder, that logs every statement. */
export class PostgresServer {
  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly program: Background,
  ) {}

  static async start(password: string): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-postgres-'));
    const env = { HOME: folder, PATH: `${postgresPrograms}:${process.env.PATH}` };
    // PostgreSQL refuses to run as root.
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;
    if (nobody) chownSync(folder, nobody.uid, nobody.gid);
    const options = { cwd: folder, env, ...nobody };
    writeFileSync(join(folder, 'superuser'), password);
    const access = ['--username=postgres', '--pwfile=superuser', '--auth-host=scram-sha-256'];
    await succeed('initdb', ['--pgdata=data', '--no-sync', ...access], options);
    const port = await freePort();
    const settings = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: folder,
      fsync: 'off',
      log_statement: 'all',
      log_min_duration_statement: 0,
    };
    const program = new Background(
      'postgres',
      ['-D', 'data', ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
      options,
    );
    const server = new PostgresServer(folder, port, program);
    await program.until(() => server.query('SELECT 1', { password }));
    return server;
  }

  get log(): string {
    return this.program.log;
  }

  /** Folder of its socket. */
  get socket(): string {
    return this.folder;
  }

  /** The lines that a statement answers with. */
  async query(sql: string, { database = 'postgres', role = 'postgres', password = '' } = {}): Promise<string[]> {
    const { code, stdout, stderr } = await run(
      join(postgresPrograms, 'psql'),
      ['-XAt', '--no-password', '--set=ON_ERROR_STOP=1', '--command', sql],
      {
        env: {
          PGHOST: '127.0.0.1',
          PGPORT: String(this.port),
          PGUSER: role,
          PGPASSWORD: password,
          PGDATABASE: database,
        },
      },
    );
    if (code !== 0) throw new Error(stderr);
    return stdout.split('\n').filter(Boolean);
  }

  /** A fast shutdown. */
  async stop(): Promise<void> {
    await this.program.stop('SIGINT');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
