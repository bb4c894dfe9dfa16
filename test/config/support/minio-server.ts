import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { Background, eventually, freePort, run, type Result } from '../../api/support/programs';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** An empty MinIO on a free port of 127.0.0.1, in a temporary folder. */
export class MinioServer {
  private constructor(
    private readonly folder: string,
    readonly address: string,
    readonly keys: Keys,
    private readonly program: Background,
    /** PEM of what its certificate is signed by, where it speaks TLS. */
    readonly certificateAuthority?: string,
  ) {}

  static async start(keys: Keys, { tls = false } = {}): Promise<MinioServer> {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-minio-'));
    const [address, console] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    let certificateAuthority: string | undefined;
    if (tls) {
      const { cert, private: key } = await generate([{ name: 'commonName', value: 'backup target' }], {
        keyType: 'ec',
        extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
      });
      mkdirSync(join(folder, 'certificates'));
      writeFileSync(join(folder, 'certificates/public.crt'), cert);
      writeFileSync(join(folder, 'certificates/private.key'), key);
      certificateAuthority = cert;
    }
    const program = new Background(
      'minio',
      [
        'server',
        join(folder, 'data'),
        `--address=${address}`,
        `--console-address=${console}`,
        `--certs-dir=${join(folder, 'certificates')}`,
      ],
      {
        cwd: folder,
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          MINIO_ROOT_USER: keys.accessKeyId,
          MINIO_ROOT_PASSWORD: keys.secretAccessKey,
        },
      },
    );
    const server = new MinioServer(folder, address, keys, program, certificateAuthority);
    await program.until(async () => {
      if ((await server.mc('ready', 'store')).code !== 0) throw new Error('not ready');
    });
    return server;
  }

  /** Runs the client, which knows the server as `store`. */
  mc(...args: string[]): Promise<Result> {
    return this.client(args);
  }

  /** Writes an object, its folder and its bucket; its content is read from standard input. */
  async put(object: string, content: string): Promise<void> {
    await eventually(async () => {
      const { code, stderr } = await this.client(['pipe', `store/${object}`], content);
      if (code !== 0) throw new Error(stderr);
    });
  }

  async stop(): Promise<void> {
    await this.program.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private client(args: string[], input?: string): Promise<Result> {
    const { accessKeyId, secretAccessKey } = this.keys;
    const scheme = this.certificateAuthority ? 'https' : 'http';
    const env = {
      PATH: process.env.PATH,
      MC_CONFIG_DIR: join(this.folder, 'mc'),
      MC_HOST_store: `${scheme}://${accessKeyId}:${secretAccessKey}@${this.address}`,
    };
    return run('mc', ['--quiet', '--insecure', ...args], { env, input });
  }
}
