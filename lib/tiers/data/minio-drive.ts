import type { ContainerProps } from '../../core/container';
import { checkDataVersion } from '../../core/data-version';
import type { Volume } from '../../core/volume';
import { images } from '../../images';

/**
 * Init container that refuses to start a server on a drive that belongs to a store of another number of drives, which
 * MinIO cannot change; nothing is touched then. MinIO notes the identity of all drives of a store on each of them.
 */
export function driveOfStore(volume: Volume, servers: number): Record<string, ContainerProps> {
  return {
    [checkDataVersion]: {
      image: images.busybox,
      command: ['sh', '-c', script],
      env: { SERVERS: servers },
      mounts: { '/volume': volume },
      resources: { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
    },
  };
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
