import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import * as YAML from 'yaml';
import type { KubernetesObject } from '../../support/kubernetes';
import { container, find } from '../../support/objects';
import { environmentOf } from './container';
import { Background, findProgram, freePort, run, type Result } from './programs';

/** The ways of Traefik's static configuration that tests change. */
export interface StaticConfig {
  api: { insecure: boolean };
  entryPoints: Record<string, { address: string }>;
  certificatesResolvers?: Record<string, { acme: { storage: string; caServer?: string } }>;
  providers: Record<string, unknown>;
}

/** Nobody answers here. */
const nowhere = 'http://127.0.0.1:9/directory';

/** The real Traefik in a temporary folder, started as a manifest says. */
export class Traefik {
  /** Entry point → its port here. */
  readonly ports: Record<string, number> = {};
  readonly folder = mkdtempSync(join(tmpdir(), 'hearth-traefik-'));
  private program?: Background;

  /**
   * Starts the Traefik of a platform. Of its configuration only addresses change: entry points listen on free ports of
   * 127.0.0.1, the store of certificates is in the folder, and their issuer is nowhere; and the entry point `traefik` tells
   * what it made of all that it read.
   * @param kubeconfig the cluster that it reads; without one it finds none
   */
  static async standalone(objects: readonly KubernetesObject[], kubeconfig?: string): Promise<Traefik> {
    const traefik = new Traefik();
    const text = find(objects, 'ConfigMap', 'traefik').data['traefik.yaml'] ?? '';
    const config = YAML.parse(text) as StaticConfig;
    for (const [name, entryPoint] of Object.entries(config.entryPoints)) {
      entryPoint.address = await traefik.address(name, entryPoint.address);
    }
    config.api.insecure = true;
    for (const { acme } of Object.values(config.certificatesResolvers ?? {})) {
      acme.storage = acme.storage.replace('/data', traefik.folder);
      acme.caServer = nowhere;
    }
    writeFileSync(join(traefik.folder, 'traefik.yaml'), YAML.stringify(config));
    const pod = container(find(objects, 'Deployment', 'traefik').spec.template, 'traefik');
    const environment = environmentOf(pod, () => '');
    return traefik.start(
      pod.args.map((arg) => arg.replace('/etc/traefik', traefik.folder)),
      kubeconfig ? { ...environment, KUBECONFIG: kubeconfig } : environment,
    );
  }

  /** Starts the Traefik that k3s brings, as its chart would with these values. */
  static async bundled(values: {
    additionalArguments: string[];
    ports: Record<string, { port: number; protocol: string }>;
  }): Promise<Traefik> {
    const traefik = new Traefik();
    const listen: Record<string, string> = { web: ':8000', websecure: ':8443', traefik: ':8080' };
    for (const [name, { port, protocol }] of Object.entries(values.ports)) {
      listen[name] = `:${port}/${protocol.toLowerCase()}`;
    }
    const addresses: string[] = [];
    for (const [name, address] of Object.entries(listen)) {
      addresses.push(`--entryPoints.${name}.address=${await traefik.address(name, address)}`);
    }
    const given = values.additionalArguments.map((arg) => arg.replace('=/data', `=${traefik.folder}`));
    const issuer = given.some((arg) => arg.includes('.acme.')) && !given.some((arg) => arg.includes('caserver'));
    return traefik.start([
      '--global.checknewversion=false',
      '--global.sendanonymoususage=false',
      '--ping=true',
      '--metrics.prometheus=true',
      '--metrics.prometheus.entrypoint=traefik',
      '--entryPoints.websecure.http.tls=true',
      ...addresses,
      ...given,
      ...(issuer ? [`--certificatesresolvers.letsencrypt.acme.caserver=${nowhere}`] : []),
    ]);
  }

  /** Runs Traefik with a static configuration that it must refuse. */
  static async refused(config: unknown): Promise<Result> {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-traefik-'));
    try {
      writeFileSync(join(folder, 'traefik.yaml'), YAML.stringify(config));
      return await run('traefik', [`--configFile=${join(folder, 'traefik.yaml')}`]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** All that it wrote, without colours. */
  get log(): string {
    return stripVTControlCharacters(this.program?.log ?? '');
  }

  /** What it complained about, one line each. */
  get errors(): string[] {
    return this.log.split('\n').filter(
      (line) =>
        /\b(ERR|FTL|PNC)\b|"level":"(error|fatal|panic)"/.test(line) &&
        // The pages of the dashboard are not part of the Go module.
        !line.includes('Error appending dashboard to API router'),
    );
  }

  /** Waits for what it does a moment later; fails at once when it ended. */
  until<T>(attempt: () => Promise<T>, seconds?: number): Promise<T> {
    if (!this.program) throw new Error('Traefik was not started');
    return this.program.until(attempt, seconds);
  }

  get running(): boolean {
    return this.program?.code === undefined;
  }

  /**
   * Asks an entry point for a page of a host.
   * @param options of the request, and `tls`: what a TLS client says, for entry points with TLS; `body`: what it sends
   */
  get(entryPoint: string, host: string, path: string, options: RequestOptions & { tls?: { ca?: string }; body?: string } = {}) {
    const { tls, body: sent, ...rest } = options;
    return new Promise<{ status?: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
      const common = { ...rest, host: '127.0.0.1', port: this.ports[entryPoint], path, agent: false };
      const headers = { ...rest.headers, Host: host };
      const request = tls
        ? httpsRequest({ ...common, headers, servername: host, ca: tls.ca, rejectUnauthorized: tls.ca !== undefined })
        : httpRequest({ ...common, headers });
      request.on('error', reject);
      request.on('response', (response) => {
        let body = '';
        response.on('data', (data: Buffer) => (body += data.toString()));
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
      });
      request.end(sent);
    });
  }

  /** Opens a connection to an entry point. */
  connect(entryPoint: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.ports[entryPoint] ?? 0, '127.0.0.1');
      socket.on('error', reject);
      socket.on('connect', () => {
        socket.destroy();
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    await this.program?.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async address(entryPoint: string, address: string): Promise<string> {
    const [, protocol = ''] = /^:\d+(\/tcp|\/udp)?$/.exec(address) ?? [];
    const port = (this.ports[entryPoint] = await freePort());
    return `127.0.0.1:${port}${protocol}`;
  }

  private async start(args: string[], environment: Record<string, string> = {}): Promise<Traefik> {
    const env = { ...environment, PATH: process.env.PATH, HOME: this.folder };
    this.program = new Background(findProgram('traefik') ?? 'traefik', args, { cwd: this.folder, env });
    try {
      await this.until(async () => {
        const { status } = await this.get('traefik', 'localhost', '/ping');
        if (status !== 200) throw new Error(`/ping answers ${status}`);
      });
      return this;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }
}
