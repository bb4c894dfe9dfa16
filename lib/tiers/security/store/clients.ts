import type { StoreWishes } from '../../../bindings/secret-store';
import type { Component } from '../../../core/component';
import type { StoreOptions } from './options';

/** Who signs in with the token of a service account, and what for. */
export interface StoreClient extends StoreWishes {
  readonly namespace: string;
  readonly serviceAccount: string;
}

type Declared = Pick<StoreOptions, 'transit' | 'pki' | 'database'>;

/** Refuses a client that asks for what is not declared, or for anything while nobody could sign in as it. */
export function refuseClient(store: Component, role: string, asked: StoreWishes, options: Declared): void {
  const refuse = (path: readonly string[], message: string) => store.refuse(['clients', role, ...path], message);
  const declared = { database: Object.keys(options.database?.roles ?? {}), transit: Object.keys(options.transit) };
  for (const kind of ['database', 'transit'] as const) {
    asked[kind].forEach((one, i) => {
      if (declared[kind].includes(one)) return;
      const where = kind === 'database' ? 'database.roles' : 'transit';
      const known = declared[kind].length > 0 ? `write one of ${declared[kind].join(', ')}, or add` : 'add';
      refuse([kind, String(i)], `${one} is not declared; ${known} it under ${where}`);
    });
  }
  if (asked.pki && !options.pki) refuse(['pki'], 'needs the engine; add "pki: {}", or write false');
  const { secrets, database, transit, pki, serviceAccount } = asked;
  if (serviceAccount !== undefined || (secrets.length + database.length + transit.length === 0 && !pki)) return;
  refuse([], 'gets something, and has nobody to sign in; write serviceAccount: with that of its pods, for example shop');
}
