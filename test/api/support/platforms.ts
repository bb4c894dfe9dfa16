import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { variableOf } from '../../../cli/credentials/supplied';
import { parsePlatform } from '../../../lib/config/load';
import { writeFolder } from '../../../lib/core/manifest-writer';
import { buildPlatform } from '../../../lib/build-platform';
import type { Platform } from '../../../lib/core/platform';
import { distFiles } from '../../../lib/synth';
import { saw, watchedObjects, watchedPlatform } from '../../prove/record';
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
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => ({ name: basename(file, '.yaml'), shipped, file: join(folder, file) }));
}

/** The platforms of `platforms/`, then their variants; the other fixtures are parts of these in sizes for a small cluster. */
export function platformFiles(of = root): PlatformFile[] {
  saw('names of platforms');
  const [shipped, fixtures] = [filesIn(join(of, 'platforms'), true), filesIn(join(of, 'test/platforms'), false)];
  return [...shipped, ...fixtures.filter(({ name }) => shipped.some((platform) => name.startsWith(`${platform.name}-`)))];
}

export function build({ file }: PlatformFile): Platform {
  return platformOf(readFileSync(file, 'utf8'), file);
}

/** The platform of a file's text. @param file its name */
export function platformOf(text: string, file: string): Platform {
  return watchedPlatform(buildPlatform(parsePlatform(text, file)), text);
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
  const source = [...filesIn(join(root, 'platforms'), true), ...filesIn(join(root, 'test/platforms'), false)].find(
    (file) => file.name === name,
  );
  if (!source) throw new Error(`no platform ${name}`);
  return build(source);
}

/** All objects of a platform, of its definitions and for Argo CD as well. */
export function objectsOf(platform: Platform): KubernetesObject[] {
  return watchedObjects(platform, (of) =>
    [...distFiles(of)].flatMap(([path, text]) => (path.startsWith('kind/') ? [] : parse(text))),
  );
}
