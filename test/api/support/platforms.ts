import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { variableOf } from '../../../cli/credentials/supplied';
import { loadPlatform } from '../../../lib/config/load';
import { writeFolder } from '../../../lib/core/manifest-writer';
import { buildPlatform } from '../../../lib/build-platform';
import type { Platform } from '../../../lib/core/platform';
import { distFiles } from '../../../lib/synth';
import type { KubernetesObject } from '../../support/kubernetes';
import { parse } from '../../support/objects';

/** The repository. */
export const root = join(__dirname, '../../..');

export interface PlatformFile {
  readonly name: string;
  /** True for a platform of `platforms/`, whose manifests are committed. */
  readonly shipped: boolean;
  readonly file: string;
}

function filesIn(folder: string, shipped: boolean): PlatformFile[] {
  return readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => ({ name: basename(file, '.yaml'), shipped, file: join(root, folder, file) }));
}

const shipped = filesIn('platforms', true);
const fixtures = filesIn('test/platforms', false);

/** The platforms of `platforms/`, then their variants; the other fixtures are parts of these in sizes for a small cluster. */
export const platformFiles = [
  ...shipped,
  ...fixtures.filter(({ name }) => shipped.some((platform) => name.startsWith(`${platform.name}-`))),
];

export function build({ file }: PlatformFile): Platform {
  return buildPlatform(loadPlatform(file));
}

/** Environment with some value for everything that an operator would supply. */
export const suppliedValues = ({ graph }: Platform): Record<string, string> =>
  Object.fromEntries(
    graph.credentials.flatMap((credential) =>
      Object.entries(credential.keys).flatMap(([key, { kind }]) =>
        kind === 'supplied' ? [[variableOf(credential, key), `${credential.name}-${key}`]] : [],
      ),
    ),
  );

/** Files of crds/ with the definitions that are in a cluster before the platform is. */
export const definitionsBefore = ({ config }: Platform): string[] => [
  ...(config.gateway === 'k3s-bundled' ? ['traefik', 'k3s-helm'] : []),
  ...(config.secrets === 'external' ? ['external-secrets', 'external-secrets-store'] : []),
  ...(config.tls.mode === 'cert-manager' ? ['cert-manager'] : []),
];

/** A folder as the documented commands expect it, with `platforms/` and `dist/`: committed, or synthesized just now. */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'hearth-platform-'));
  readonly platform: Platform;

  constructor(private readonly source: PlatformFile) {
    this.platform = build(source);
    const dist = join(this.folder, 'dist');
    if (source.shipped) {
      // The committed files: that they are fresh is for test/dist.test.ts to say.
      for (const path of [source.name, this.argoCd]) {
        const committed = join(root, 'dist', path);
        if (existsSync(committed)) cpSync(committed, join(dist, path), { recursive: true });
      }
    } else {
      writeFolder(dist, distFiles(this.platform));
    }
    mkdirSync(join(this.folder, 'platforms'));
    cpSync(source.file, join(this.folder, 'platforms', basename(source.file)));
  }

  get name(): string {
    return this.source.name;
  }

  /** What Argo CD is told, below `dist/`; not there for a platform without. */
  get argoCd(): string {
    return `argo-cd/${this.name}.k8s.yaml`;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The platform of that name. */
export function platformNamed(name: string): Platform {
  const source = [...shipped, ...fixtures].find((file) => file.name === name);
  if (!source) throw new Error(`no platform ${name}`);
  return build(source);
}

/** All objects of a platform, of its definitions and for Argo CD as well. */
export function objectsOf(platform: Platform): KubernetesObject[] {
  return [...distFiles(platform)].flatMap(([path, text]) => (path.startsWith('kind/') ? [] : parse(text)));
}
