import type { ContainerProps } from '../../core/container';
import { checkDataVersion, volumeCheck } from '../../core/data-version';
import type { Volume } from '../../core/volume';

/**
 * Init container that refuses to start a server on a drive that belongs to a store of another number of drives, which
 * MinIO cannot change; nothing is touched then. MinIO notes the identity of all drives of a store on each of them.
 */
export function driveOfStore(volume: Volume, servers: number): Record<string, ContainerProps> {
  return { [checkDataVersion]: volumeCheck(volume, script, { SERVERS: servers }) };
}

const script = `set -eu
format=/volume/.minio.sys/format.json
# An empty drive, or one in the place of a lost one.
if [ ! -s "$format" ]; then exit 0; fi
# The store has an identity, too.
found=$(($(grep -oE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' "$format" | sort -u | wc -l) - 1))
if [ "$found" = "$SERVERS" ]; then exit 0; fi
echo "The drive belongs to a store with servers: $found, and MinIO cannot make it one with servers: $SERVERS. Nothing was changed. Write servers: $found, or bring the data over by a backup and a restore." >&2
exit 1
`;
