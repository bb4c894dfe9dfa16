import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { parse, format } from 'node:path';
import * as YAML from 'yaml';
import { z } from 'zod';
import { placeOf } from './file-place';
import { Refusal } from '../refusal';
import { idOf, type Change, type SecretStore, type StoredSecret } from './store';

const texts = z.record(z.string(), z.string()).nullish();
const secretSchema = z.looseObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Secret'),
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  data: texts,
  stringData: texts,
});

interface Entry extends StoredSecret {
  readonly document: YAML.Document.Parsed;
}

/**
 * Secrets as YAML documents in a file that only its owner can read, for `kubectl apply --server-side -f FILE`.
 * Throws a {@link Refusal} for a place where others would see it.
 * @param root folder of hearth
 */
export function fileStore(file: string, root: string): SecretStore {
  const place = placeOf(file, root);
  let before: string | undefined;
  return {
    title: `file ${place}`,
    async read() {
      before = contentOf(place);
      return { missingNamespaces: [], secrets: entriesOf(parseFile(before, place), place), claims: [] };
    },
    async apply(changes) {
      const content = contentOf(place);
      if (content !== before) throw new Refusal(`${place} changed while this ran; run this again`);
      if (changes.length > 0) replace(place, render(content, changes, place));
      else if (content !== undefined) chmodSync(place, 0o600);
    },
  };
}

const contentOf = (place: string) => (existsSync(place) ? readFileSync(place, 'utf8') : undefined);

function parseFile(content: string | undefined, place: string): YAML.Document.Parsed[] {
  const lines = new YAML.LineCounter();
  const documents = [...YAML.parseAllDocuments(content ?? '', { prettyErrors: false, lineCounter: lines })];
  for (const { errors } of documents) {
    const [error] = errors;
    // Without the message, which could quote a value.
    if (error) throw new Refusal(`${place}:${lines.linePos(error.pos[0]).line}: no valid YAML`);
  }
  return documents.filter(({ contents }) => contents !== null);
}

function entriesOf(documents: readonly YAML.Document.Parsed[], place: string): Entry[] {
  const entries = new Map<string, Entry>();
  for (const [i, document] of documents.entries()) {
    const secret = secretSchema.safeParse(document.toJS());
    if (!secret.success) {
      throw new Refusal(`${place}: document ${i + 1} is no Secret with a name and a namespace; take it out of the file`);
    }
    const { metadata, data, stringData } = secret.data;
    const { namespace, name } = metadata;
    const id = idOf({ namespace, name });
    if (entries.has(id)) throw new Refusal(`${place} holds the Secret ${id} twice; take one of them out`);
    const decoded = Object.entries(data ?? {}).map(([key, text]) => [key, canonical(text, `${place}: ${id}: ${key}`)]);
    const plain = Object.entries(stringData ?? {}).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
    entries.set(id, { namespace, name, document, data: Object.fromEntries([...decoded, ...plain]) });
  }
  return [...entries.values()];
}

function canonical(text: string, what: string): string {
  const compact = text.replace(/\s/g, '');
  const base64 = Buffer.from(compact, 'base64').toString('base64');
  if (base64 !== compact) throw new Refusal(`${what} is no base64 text; write plain text under stringData`);
  return base64;
}

/** Adds to the documents that are there, so that everything else in them stays as it is. */
function render(content: string | undefined, changes: readonly Change[], place: string): string {
  const documents = parseFile(content, place);
  const entries = new Map(entriesOf(documents, place).map((entry) => [idOf(entry), entry.document]));
  const made = changes.flatMap((change) => {
    const document = entries.get(idOf(change));
    for (const [key, value] of Object.entries(change.data)) document?.setIn(['data', key], value);
    if (document) return [];
    const { namespace, name, labels, type, data } = change;
    return new YAML.Document({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, labels }, type, data });
  });
  return [...documents, ...made]
    .map((document) => {
      // The separators are written here, one between each two.
      if (document.directives) document.directives.docStart = null;
      return document.toString({ lineWidth: 0 });
    })
    .join('---\n');
}

/** A reader sees the old file or the new one, and nobody else sees either. */
function replace(place: string, content: string): void {
  const { dir, name, ext } = parse(place);
  const temporary = format({ dir, name: `${name}.${randomBytes(6).toString('hex')}`, ext });
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, place);
  } finally {
    rmSync(temporary, { force: true });
  }
}
