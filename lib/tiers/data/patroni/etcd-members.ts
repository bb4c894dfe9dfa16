import type { ContainerProps } from '../../../core/container';
import { volumeCheck } from '../../../core/data-version';
import type { Volume } from '../../../core/volume';

/**
 * Init container by which etcd of one member becomes etcd of several: that one begins anew among the others, since Patroni
 * makes again what it kept. The way back is refused, as what a majority agreed on would be forgotten with it: which standby
 * had every commit. https://etcd.io/docs/v3.6/op-guide/runtime-configuration/
 */
export function etcdMembers(volume: Volume, members: number): Record<string, ContainerProps> {
  return { 'check-members': volumeCheck(volume, script, { MEMBERS: members }) };
}

const script = `set -eu
mark=/volume/.hearth-members
found=$(cat "$mark" 2> /dev/null || echo "$MEMBERS")
if [ "$found" -gt "$MEMBERS" ]; then
  echo "This member is one of $found of an etcd, and cannot go on as one of $MEMBERS. Nothing was changed. Write as many replicas as before; for fewer, bring the data over by a backup and a restore." >&2
  exit 1
fi
if [ "$found" -lt "$MEMBERS" ]; then
  echo "etcd grows from $found to $MEMBERS: this member begins anew"
  rm -rf /volume/data
fi
printf '%s' "$MEMBERS" > "$mark.new"
mv "$mark.new" "$mark"
`;
