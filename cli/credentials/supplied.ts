import type { Credential } from '../../lib/core/credential';
import { exitCodes, Refusal } from '../refusal';
import type { World } from '../world';

/** Hands over the values that are made elsewhere. */
export interface Supplier {
  /** Why a value cannot be had, found out without asking anybody. @default it can */
  problem(credential: Credential, key: string): string | undefined;
  value(credential: Credential, key: string): Promise<string>;
}

/** Environment variable that holds the value of a key, for example `HEARTH_BACKUP_ACCESSKEYID`. */
export const variableOf = ({ name }: Credential, key: string): string =>
  `HEARTH_${name}_${key}`.toUpperCase().replace(/[^A-Z0-9]/g, '_');

/** Values from the environment; what is missing there is asked for, where somebody is there to answer. */
export function supplier({ env, ask }: World): Supplier {
  const given = (credential: Credential, key: string) => env[variableOf(credential, key)];
  return {
    problem(credential, key) {
      const [value, variable] = [given(credential, key), variableOf(credential, key)];
      if (value !== undefined) {
        return trimmed(value) === '' ? `$${variable} is empty; it must hold ${described(credential, key)}` : undefined;
      }
      if (ask) return undefined;
      return `${described(credential, key)} is missing: set ${variable}, or run this on a terminal, which asks for it`;
    },
    async value(credential, key) {
      const value = given(credential, key) ?? (await ask?.secret(`${described(credential, key)}:`)) ?? '';
      if (trimmed(value) !== '') return trimmed(value);
      throw new Refusal(`${described(credential, key)} must not be empty. Nothing was changed.`, exitCodes.refused);
    },
  };
}

const trimmed = (value: string): string => value.replace(/(\r?\n)+$/, '');

/** For people, for example `access key of the backup target (home-backup/backup: accessKeyId)`. */
function described({ keys, name, owner }: Credential, key: string): string {
  const rule = keys[key];
  return `${rule && 'what' in rule ? rule.what : key} (${owner.tier.namespace}/${name}: ${key})`;
}
