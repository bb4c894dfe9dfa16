import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Background, freePort, type RunOptions } from '../../api/support/programs';
import { saw } from '../../prove/record';

// The program is that of its stand-in image.
saw('recipe opensearch');

/** OpenSearch with the security plugin: the folder of the image with bin/, plugins/ and jdk/. */
export const openSearchHome = [process.env.OPENSEARCH_HOME, '/usr/share/opensearch'].find(
  (folder) => folder && existsSync(join(folder, 'plugins/opensearch-security')),
);

export interface Node {
  /** `opensearch.yml` as it is mounted, and the files of the configuration that stand beside it. */
  readonly yml: string;
  /** Brings further files into the configuration folder. */
  readonly configure: (config: string) => void;
}

/** One node in a temporary folder, on free ports of 127.0.0.1. Paths and ports of its `opensearch.yml` become those. */
export class OpenSearchServer {
  private constructor(
    readonly folder: string,
    readonly port: number,
    readonly program: Background,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  static async start({ yml, configure }: Node): Promise<OpenSearchServer> {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-opensearch-'));
    const [home, config] = [openSearchHome ?? '', join(folder, 'config')];
    cpSync(join(home, 'config'), config, { recursive: true });
    for (const name of ['data', 'logs', 'tmp']) mkdirSync(join(folder, name));
    const jvm = join(config, 'jvm.options');
    writeFileSync(jvm, readFileSync(jvm, 'utf8').replace(/^.*-Xlog:gc.*$/m, ''));
    configure(config);
    const port = await freePort();
    const local = yml
      .replaceAll('/usr/share/opensearch/', `${folder}/`)
      .replace('http.port: 9200', `http.port: ${port}`)
      .replace('transport.port: 9300', `transport.port: ${await freePort()}`)
      .replace('network.host: 0.0.0.0', 'network.host: 127.0.0.1');
    writeFileSync(join(config, 'opensearch.yml'), local);
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      POD_NAME: 'opensearch-0',
      OPENSEARCH_PATH_CONF: config,
      OPENSEARCH_TMPDIR: join(folder, 'tmp'),
      OPENSEARCH_JAVA_HOME: join(home, 'jdk'),
      OPENSEARCH_JAVA_OPTS: '-Xms512m -Xmx512m',
    };
    const options: RunOptions = { cwd: home, env };
    // OpenSearch refuses to run as root.
    const root = process.getuid?.() === 0;
    if (root) own(folder);
    const program = new Background(join(home, 'bin/opensearch'), [], {
      ...options,
      ...(root ? { uid: 65534, gid: 65534 } : {}),
    });
    return new OpenSearchServer(folder, port, program);
  }

  /** @returns status and body */
  async ask(user: string, password: string, method: string, path: string, body?: string): Promise<[number, string]> {
    const response = await fetch(`${this.url}/${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
        ...(body === undefined ? {} : { 'content-type': 'application/x-ndjson' }),
      },
      body,
    });
    return [response.status, await response.text()];
  }

  async stop(): Promise<void> {
    await this.program.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function own(folder: string): void {
  chmodSync(folder, 0o755);
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const entry of ['', ...entries]) chownSync(join(folder, entry), 65534, 65534);
}
