import type { Platform } from '../../lib/core/platform';
import { HttpRoute } from '../../lib/core/route';
import { ruleInWords } from '../../lib/core/rule-in-words';
import type { AllValues } from './plan';

/**
 * The values as lines: a table below the addresses of the platform for people, or `namespace/name`, key and value with
 * tabs between them for programs.
 */
export function showValues(platform: Platform, values: AllValues, forPeople: boolean): string[] {
  const rows = [...values].flatMap(([{ owner, name, keys }, found]) =>
    Object.keys(keys).map((key) => [`${owner.tier.namespace}/${name}`, key, printable(found.get(key) ?? '')]),
  );
  if (!forPeople) return rows.map((row) => row.map((cell) => cell.replaceAll('\n', '\\n')).join('\t'));
  const addresses = platform.graph.routes.flatMap((route) =>
    route instanceof HttpRoute ? [[route.tile?.title ?? route.component.name, route.url, route.access]] : [],
  );
  return [...table(['ADDRESS OF', 'URL', 'ACCESS'], addresses), '', ...table(['SECRET', 'KEY', 'VALUE'], rows)];
}

/** What must be in the store of a platform whose secrets are external. */
export function explainExternal({ config, graph }: Platform): string[] {
  const { kind, name, path } = config.secretStore;
  return [
    `The secrets of ${config.name} come from ${kind} ${name} by External Secrets: there is nothing to make here.`,
    'These entries must be in the store, each with the keys below it:',
    ...graph.credentials
      .filter(({ bootstrap }) => !bootstrap)
      .flatMap((credential) => {
        const keys = Object.entries(credential.keys);
        const width = Math.max(...keys.map(([key]) => key.length));
        return [`${path}/${credential.name}`, ...keys.map(([key, rule]) => `  ${key.padEnd(width)}  ${ruleInWords(rule)}`)];
      }),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.trimEnd().split('\n')));
  const widths = head.map((_, column) => Math.max(...all.flatMap((row) => (row[column] ?? []).map((line) => line.length))));
  return all.flatMap((row) =>
    Array.from({ length: Math.max(...row.map((lines) => lines.length)) }, (_, line) =>
      row
        .map((lines, column) => (lines[line] ?? '').padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
  );
}

/** Text without what could command a terminal; bytes that are no text stay base64. */
function printable(base64: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
    return text.replace(/(?!\n)\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  } catch {
    return `base64:${base64}`;
  }
}
