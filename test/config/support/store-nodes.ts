import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeValue } from '../../../cli/credentials/values';
import type { Credential } from '../../../lib/core/credential';
import { Background, freePort } from '../../api/support/programs';

/** What the manifests start: OpenBao or Vault. */
export interface StoreProgram {
  /** Name of the service, and so of its nodes. */
  readonly name: 'openbao' | 'vault';
  /** For people. */
  readonly title: string;
  readonly command: 'bao' | 'vault';
  /** Of its environment variables. */
  readonly prefix: 'BAO' | 'VAULT';
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** One node, on ports of its own. */
interface Place {
  readonly folder: string;
  readonly api: number;
  readonly cluster: number;
  readonly metrics: number;
  program?: Background;
}

/**
 * Nodes of a store in a temporary folder, on free ports of 127.0.0.1, each with the configuration that the manifests give it:
 * nothing but addresses and paths is other than there. The certificate is the one that its rule makes.
 */
export class StoreNodes {
  readonly folder = mkdtempSync(join(tmpdir(), 'hearth-store-'));
  certificate = '';
  private readonly places: Place[] = [];

  private constructor(
    private readonly program: StoreProgram,
    private readonly config: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /**
   * @param config `server.json` as it is mounted
   * @param tls what makes keys `tls.key` and `ca.crt`
   * @param files what is mounted beside the configuration
   */
  static async start(
    program: StoreProgram,
    config: string,
    tls: Credential,
    count: number,
    { env = {}, files = {} }: { readonly env?: Record<string, string>; readonly files?: Record<string, string> } = {},
  ): Promise<StoreNodes> {
    const nodes = new StoreNodes(program, config, env);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(nodes.folder, name), text);
    const { 'tls.key': keyRule, 'ca.crt': certificateRule } = tls.keys;
    if (!keyRule || !certificateRule) throw new Error('no rules for the certificate');
    const key = await makeValue(keyRule);
    nodes.certificate = await makeValue(certificateRule, key);
    mkdirSync(join(nodes.folder, 'tls'));
    writeFileSync(join(nodes.folder, 'tls/tls.key'), key);
    writeFileSync(join(nodes.folder, 'tls/ca.crt'), nodes.certificate);
    for (let node = 0; node < count; node += 1) {
      const folder = join(nodes.folder, String(node));
      mkdirSync(join(folder, 'data'), { recursive: true });
      nodes.places.push({ folder, api: await freePort(), cluster: await freePort(), metrics: await freePort() });
    }
    for (let node = 0; node < count; node += 1) await nodes.startNode(node);
    return nodes;
  }

  get authorityFile(): string {
    return join(this.folder, 'tls/ca.crt');
  }

  /** Addresses of all nodes; the certificate holds this name of theirs, too. */
  get addresses(): string[] {
    return this.places.map(({ api }) => `https://localhost:${api}`);
  }

  get log(): string {
    return this.places.map(({ program }) => program?.log ?? '').join('\n');
  }

  async startNode(node: number): Promise<void> {
    const place = this.place(node);
    const { name, command, prefix } = this.program;
    const local = this.places.reduce(
      (text, { api }, i) =>
        text.replaceAll(new RegExp(`https://${name}-${i}\\.[a-z0-9.-]*:8200`, 'g'), `https://127.0.0.1:${api}`),
      this.config,
    );
    const file = local
      .replaceAll('0.0.0.0:8200', `127.0.0.1:${place.api}`)
      .replaceAll('0.0.0.0:8202', `127.0.0.1:${place.metrics}`)
      .replaceAll('0.0.0.0:8201', `127.0.0.1:${place.cluster}`)
      .replaceAll('/var/lib/store', join(place.folder, 'data'))
      .replaceAll('/etc/store/tls', join(this.folder, 'tls'))
      .replaceAll('/etc/store/config', this.folder)
      .replaceAll('/etc/store/unseal', this.folder);
    writeFileSync(join(place.folder, 'server.json'), file);
    const env = {
      PATH: process.env.PATH,
      HOME: place.folder,
      [`${prefix}_RAFT_NODE_ID`]: `${name}-${node}`,
      [`${prefix}_API_ADDR`]: `https://127.0.0.1:${place.api}`,
      [`${prefix}_CLUSTER_ADDR`]: `https://127.0.0.1:${place.cluster}`,
      ...this.env,
    };
    place.program = new Background(command, ['server', `-config=${join(place.folder, 'server.json')}`], { env });
    await place.program.until(async () => {
      const { status } = await this.ask(node, 'GET', 'sys/seal-status');
      if (status !== 200) throw new Error(String(status));
    });
  }

  async stopNode(node: number, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.place(node).program?.stop(signal);
  }

  /** Status and body of an answer of one node. */
  ask(node: number, method: string, path: string, body?: unknown, token?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const made = request(`${this.addresses[node]}/v1/${path}`, {
        method,
        ca: this.certificate,
        headers: token ? { 'x-vault-token': token } : {},
        timeout: 20_000,
        agent: false,
      });
      made.on('error', reject);
      made.on('timeout', () => made.destroy(new Error('no answer')));
      made.on('response', (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          const text = Buffer.concat(parts).toString();
          let parsed: Record<string, unknown> = { text };
          try {
            parsed = JSON.parse(text) as Record<string, unknown>;
          } catch {
            // Metrics are no JSON.
          }
          resolve({ status: response.statusCode ?? 0, body: parsed });
        });
      });
      made.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** What a port for metrics alone answers, by HTTP. */
  metrics(node: number, path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.place(node).metrics}/v1/${path}`);
  }

  /** Number of the node that leads. */
  async leader(): Promise<number> {
    for (let node = 0; node < this.places.length; node += 1) {
      const answer = await this.ask(node, 'GET', 'sys/health').catch(() => undefined);
      if (answer?.status === 200) return node;
    }
    throw new Error('no node leads');
  }

  async stop(): Promise<void> {
    for (const { program } of this.places) await program?.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private place(node: number): Place {
    const place = this.places[node];
    if (!place) throw new Error(`no node ${node}`);
    return place;
  }
}
