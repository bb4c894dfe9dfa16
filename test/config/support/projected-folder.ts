import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A folder with files as the kubelet mounts those of a ConfigMap: each is a link by way of `..data`, which leads to a folder
 * that takes the place of another one at once.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/util/atomic_writer.go
 */
export class ProjectedFolder {
  private version = 0;

  constructor(
    readonly path: string,
    files: Readonly<Record<string, string>>,
  ) {
    mkdirSync(path, { recursive: true });
    this.write(files);
    for (const name of Object.keys(files)) symlinkSync(`..data/${name}`, join(path, name));
  }

  /** Changes the content of files that it has. */
  write(files: Readonly<Record<string, string>>): void {
    const before = `..version-${this.version}`;
    const next = `..version-${(this.version += 1)}`;
    mkdirSync(join(this.path, next));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.path, next, name), text);
    symlinkSync(next, join(this.path, '..data_tmp'));
    renameSync(join(this.path, '..data_tmp'), join(this.path, '..data'));
    rmSync(join(this.path, before), { recursive: true, force: true });
  }
}
