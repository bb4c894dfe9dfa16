import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { Refusal } from '../refusal';

/** Folders of manifests, which are public: the one in Git, and what synth moves there. */
const manifestFolders = ['dist', 'dist.new', 'dist.old'];

/**
 * Where a file with secret values really lies. Throws a {@link Refusal} where others would come to see it: among the
 * manifests, or in a Git work tree that does not ignore it.
 * @param root folder of hearth
 */
export function placeOf(file: string, root: string): string {
  const given = resolve(file);
  if (!existsSync(dirname(given))) throw new Refusal(`${dirname(given)} does not exist; make that folder first`);
  const folder = realpathSync(dirname(given));
  const place = join(folder, basename(given));
  const entry = lstatSync(place, { throwIfNoEntry: false });
  if (entry && !entry.isFile()) throw new Refusal(`${place} is no regular file; choose another name`);
  for (const name of manifestFolders) {
    const manifests = join(realpathSync(root), name);
    if ([manifests, existsSync(manifests) ? realpathSync(manifests) : manifests].some((dist) => isBelow(place, dist))) {
      throw new Refusal(`${place} is among the manifests, which others read; choose a file outside ${name}/`);
    }
  }
  if (inWorkTree(folder) && !gitIgnores(place)) {
    throw new Refusal(
      `${place} is in a Git work tree that does not ignore it, so that it could be committed; ` +
        'choose a file outside, or a name that .gitignore covers, such as credentials.yaml',
    );
  }
  return place;
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

function inWorkTree(folder: string): boolean {
  return existsSync(join(folder, '.git')) || (dirname(folder) !== folder && inWorkTree(dirname(folder)));
}

/** False too where Git cannot tell, and for a file that is tracked although it is ignored. */
function gitIgnores(place: string): boolean {
  // Inside a hook these name another repository.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')));
  const args = ['-C', dirname(place), 'check-ignore', '-q', '--', basename(place)];
  return spawnSync('git', args, { env, stdio: 'ignore' }).status === 0;
}
