import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Background, findProgram, freePort, type RunOptions } from '../../api/support/programs';
import { saw } from '../../prove/record';

// The program is that of its stand-in image.
saw('recipe keycloak');

/** Keycloak’s distribution for Quarkus: the folder with bin/kc.sh, and perhaps a Java in jdk/. */
export const keycloakHome = [process.env.KEYCLOAK_HOME, '/opt/keycloak'].find(
  (folder) => folder && existsSync(join(folder, 'bin/kc.sh')),
);

/** Java 17 or newer. */
export const java = findProgram('java', [join(keycloakHome ?? '', 'jdk/bin')]);

const nobody = { uid: 65534, gid: 65534 };

/**
 * Keycloak in a temporary folder, on free ports of 127.0.0.1. It belongs to root, where root runs the tests, and Keycloak runs
 * as nobody: so it writes only where its manifests give it a volume.
 */
export class KeycloakServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'hearth-keycloak-'));
  private readonly tmp = join(this.folder, 'tmp');
  private server?: Background;
  private port = 0;
  private managementPort = 0;

  /** @param writable folders of the image that are volumes; `/tmp` is a folder of its own */
  constructor(writable: readonly string[]) {
    const home = keycloakHome ?? '';
    for (const part of ['bin', 'conf', 'lib/quarkus', 'lib/quarkus-run.jar', 'version.txt'])
      cpSync(join(home, part), join(this.folder, part), { recursive: true });
    for (const part of ['lib/lib', 'lib/app', 'providers', 'themes']) symlinkSync(join(home, part), join(this.folder, part));
    const own = writable.map((path) => (path === '/tmp' ? this.tmp : this.here(path)));
    for (const path of own) mkdirSync(path, { recursive: true });
    if (process.getuid?.() !== 0) return;
    chmodSync(this.folder, 0o755);
    for (const path of own) giveAway(path);
  }

  /** Where a path of the image is here. */
  here(path: string): string {
    return path.replace('/opt/keycloak', this.folder);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get log(): string {
    return this.server?.log ?? '';
  }

  /** Runs a command of a container to its end. */
  async finish(command: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
    const program = this.run(command, env);
    const code = await program.ended;
    if (code !== 0) throw new Error(`${command.join(' ')}: exit code ${code}\n${program.log.slice(-4000)}`);
    return program.log;
  }

  /** Starts it, and waits until it is ready. @param ready path on the management port */
  async start(command: readonly string[], env: Readonly<Record<string, string>>, ready: string): Promise<void> {
    this.port = await freePort();
    this.managementPort = await freePort();
    this.server = this.run(command, {
      ...env,
      KC_HTTP_HOST: '127.0.0.1',
      KC_HTTP_PORT: String(this.port),
      KC_HTTP_MANAGEMENT_PORT: String(this.managementPort),
      // The container has a limit of memory, this machine has not.
      JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx768m',
    });
    await this.server.until(async () => {
      const [status, text] = await this.management(ready);
      if (status !== 200) throw new Error(text);
    }, 400);
  }

  /** @returns status and body */
  async management(path: string): Promise<[number, string]> {
    const response = await fetch(`http://127.0.0.1:${this.managementPort}${path}`);
    return [response.status, await response.text()];
  }

  async stop(): Promise<void> {
    await this.server?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private run([command = '', ...args]: readonly string[], env: Readonly<Record<string, string>>): Background {
    const options: RunOptions = {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH,
        JAVA: java,
        JAVA_OPTS_APPEND: `-Djava.io.tmpdir=${this.tmp}`,
        ...env,
        HOME: this.tmp,
      },
      ...(process.getuid?.() === 0 ? nobody : {}),
    };
    return new Background(this.here(command), args, options);
  }
}

function giveAway(folder: string): void {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const entry of ['', ...entries]) chownSync(join(folder, entry), nobody.uid, nobody.gid);
}
