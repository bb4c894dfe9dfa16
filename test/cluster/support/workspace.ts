import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as YAML from 'yaml';
import { loadPlatform } from '../../../lib/config/load';
import { buildPlatform } from '../../../lib/build-platform';
import type { Platform } from '../../../lib/core/platform';
import { sawPlatformsOf } from '../../prove/record';
import { kubectl, kubectlJson, run } from './kubectl';
import { without } from './without';

const repository = join(__dirname, '../../..');
const tsx = join(repository, 'node_modules/tsx/dist/loader.mjs');

/** A shipped platform, or a fixture of the tests. */
function sourceOf(name: string): string {
  const shipped = join(repository, 'platforms', `${name}.yaml`);
  return existsSync(shipped) ? shipped : join(repository, 'test/platforms', `${name}.yaml`);
}

/** A copy of a shipped platform, or of a fixture, in a folder of its own, fitted to the cluster at hand and synthesized there. */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'hearth-cluster-'));
  private readonly document: YAML.Document.Parsed;
  private built?: Platform;

  private constructor(
    readonly name: string,
    text: string,
    ranges: string[],
    /** `address:port` of an API server. */
    readonly apiServer: string,
  ) {
    this.document = YAML.parseDocument(text);
    mkdirSync(join(this.folder, 'platforms'));
    for (const service of without) this.document.deleteIn(['services', service]);
    this.set(['network', 'apiServer'], ranges);
  }

  /** Changes one setting of the platform file. */
  set(path: string[], value: unknown): void {
    this.document.setIn(path, this.document.createNode(value));
    writeFileSync(this.file, this.document.toString());
    this.built = undefined;
  }

  /** Puts a service in the place of another one, with the options of that. */
  replaceService(service: string, by: string): void {
    if (service === by) return;
    const options = this.document.getIn(['services', service]);
    this.document.deleteIn(['services', service]);
    this.set(['services', by], options);
  }

  /** The platform as its file says now. */
  get platform(): Platform {
    this.built ??= buildPlatform(loadPlatform(this.file));
    return this.built;
  }

  private get file(): string {
    return join(this.folder, 'platforms', `${this.name}.yaml`);
  }

  /** @param services added to those of the platform */
  static create(name: string, services: Readonly<Record<string, unknown>> = {}): Promise<Workspace> {
    return Workspace.start(name, readFileSync(sourceOf(name), 'utf8'), services);
  }

  /** A platform of the tests that has no file. @param text what that would say */
  static of(text: string): Promise<Workspace> {
    return Workspace.start((YAML.parse(text) as { name: string }).name, text);
  }

  private static async start(name: string, text: string, services: Readonly<Record<string, unknown>> = {}): Promise<Workspace> {
    const endpoints = await kubectlJson<{ subsets: { addresses: { ip: string }[]; ports: { port: number }[] }[] }>([
      'get',
      'endpoints',
      'kubernetes',
      '--namespace=default',
    ]);
    const servers = endpoints.subsets.flatMap(({ addresses, ports }) =>
      addresses.flatMap(({ ip }) => ports.map(({ port }) => ({ ip, port }))),
    );
    const [first] = servers;
    if (!first) throw new Error('the cluster does not say where its API server is');
    const workspace = new Workspace(
      name,
      text,
      servers.map(({ ip }) => `${ip}/32`),
      `${first.ip}:${first.port}`,
    );
    for (const [service, options] of Object.entries(services)) workspace.set(['services', service], options);
    await workspace.synthesize();
    return workspace;
  }

  /** Writes `dist/`. */
  private async synthesize(): Promise<void> {
    sawPlatformsOf(this.folder);
    const args = ['--import', `file://${tsx}`, join(repository, 'main.ts')];
    const { code, stdout, stderr } = await run(process.execPath, args, { cwd: this.folder });
    if (code !== 0) throw new Error(`synth of ${this.name}: ${stderr}${stdout}`);
  }

  /** The value of one key of a credential, as the cluster has it. */
  async secret(namespace: string, name: string, key: string): Promise<string> {
    const { data } = await kubectlJson<{ data: Record<string, string> }>(['get', 'secret', name, `--namespace=${namespace}`]);
    return Buffer.from(data[key] ?? '', 'base64').toString();
  }

  /** Removes the platform and its data from the cluster. */
  async remove(): Promise<void> {
    await kubectl(['delete', '-f', `dist/${this.name}/00-cluster`, '--ignore-not-found', '--wait=true', '--timeout=180s'], {
      cwd: this.folder,
    });
    rmSync(this.folder, { recursive: true, force: true });
  }
}
