import type { ContainerProps } from '../../core/container';
import { checkDataVersion } from '../../core/data-version';
import { fixedOption } from '../../core/fixed-option';
import type { Volume } from '../../core/volume';

/**
 * Init container that refuses to start a server on a drive that belongs to a store of another number of drives, which
 * MinIO cannot change; nothing is touched then. MinIO notes the identity of all drives of a store on each of them.
 */
export function driveOfStore(volume: Volume, servers: number): Record<string, ContainerProps> {
  return fixedOption({
    volume,
    program: 'MinIO',
    option: 'servers',
    value: servers,
    found,
    subject: 'The drive belongs to a store',
    container: checkDataVersion,
  });
}

const found = `format=/volume/.minio.sys/format.json
# An empty drive, or one in the place of a lost one.
if [ ! -s "$format" ]; then exit 0; fi
# The store has an identity, too.
found=$(($(grep -oE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' "$format" | sort -u | wc -l) - 1))
`;
