import { BackupTarget } from './backup-target';
import { Hearth } from './hearth';
import { Workspace } from './workspace';

/** A platform of the tests with a place for its backups, and the command line for both. @param name of its file */
export async function backedUp(name: string) {
  const target = await BackupTarget.start(`${name}-backup-target`);
  const workspace = await Workspace.create(name, {
    backup: { target: { endpoint: target.endpoint, bucket: 'backups' } },
  });
  return { target, workspace, hearth: new Hearth(workspace.folder, target.env) };
}
