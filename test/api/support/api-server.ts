import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as YAML from 'yaml';
import { asset, Background, freePort, run, succeed, type Result } from './programs';

/**
 * An empty Kubernetes API server with its etcd, on free ports of 127.0.0.1 and in a temporary folder. Admission is that
 * of a cluster: Pod Security, service accounts, priorities and limits are enforced, and rights by RBAC. There are no
 * controllers, so that nothing makes pods from templates, endpoints, or the service account `default` of a namespace.
 */
export class ApiServer {
  private constructor(
    private readonly folder: string,
    /** `https://127.0.0.1:<port>` */
    private readonly url: string,
    private readonly programs: readonly Background[],
  ) {}

  static async start(): Promise<ApiServer> {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-api-'));
    const programs: Background[] = [];
    const start = (name: string, args: string[]) => {
      const program = new Background(asset(name) ?? name, args, { cwd: folder });
      programs.unshift(program);
      return program;
    };
    const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
    const url = `https://127.0.0.1:${port}`;
    const server = new ApiServer(folder, url, programs);
    try {
      const etcdUrl = `http://127.0.0.1:${etcdPort}`;
      const etcd = start('etcd', [
        '--data-dir=etcd',
        '--unsafe-no-fsync',
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
        '--log-level=warn',
      ]);
      await etcd.until(() => fetch(`${etcdUrl}/health`));
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      writeFileSync(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
      writeFileSync(join(folder, 'tokens.csv'), 'admin,admin,admin,"system:masters"\n');
      const api = start('kube-apiserver', [
        `--etcd-servers=${etcdUrl}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=127.0.0.1',
        `--secure-port=${port}`,
        // It signs its own serving certificate.
        '--cert-dir=certificates',
        '--token-auth-file=tokens.csv',
        '--authorization-mode=RBAC',
        '--service-account-issuer=https://kubernetes.default.svc',
        '--service-account-key-file=sa.key',
        '--service-account-signing-key-file=sa.key',
        '--service-cluster-ip-range=10.96.0.0/16',
        '--allow-privileged',
      ]);
      const kubeconfig = server.writeKubeconfig('kubeconfig', 'admin');
      await api.until(async () => {
        await succeed(asset('kubectl') ?? 'kubectl', ['get', '--raw=/readyz', `--kubeconfig=${kubeconfig}`]);
      }, 60);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Of an administrator. */
  get kubeconfig(): string {
    return join(this.folder, 'kubeconfig');
  }

  /** A kubeconfig for the bearer of a token. @returns its path */
  writeKubeconfig(file: string, token: string): string {
    const path = join(this.folder, file);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'test',
          cluster: { server: this.url, 'certificate-authority': join(this.folder, 'certificates/apiserver.crt') },
        },
      ],
      users: [{ name: 'test', user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test',
    };
    writeFileSync(path, YAML.stringify(config), { mode: 0o600 });
    return path;
  }

  /** Runs kubectl as administrator, with nothing remembered of other servers. */
  try(args: readonly string[], { cwd, input }: { cwd?: string; input?: string } = {}): Promise<Result> {
    const env = { PATH: process.env.PATH, HOME: this.folder, KUBECONFIG: this.kubeconfig };
    return run(asset('kubectl') ?? 'kubectl', args, { cwd, input, env });
  }

  /** The same, and it must succeed. */
  async kubectl(args: readonly string[], options?: { cwd?: string; input?: string }): Promise<string> {
    const { code, stdout, stderr } = await this.try(args, options);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: exit code ${code}\n${stderr}${stdout}`);
    return stdout;
  }

  /** Ends both programs, and removes the folder. Its data is not worth a farewell. */
  async stop(): Promise<void> {
    for (const program of this.programs) await program.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
