// Writes the indices of OpenSearch into a folder, or brings them back: node indices.mjs save|load FOLDER
// The documents go from response to file and from file to request as text: every number keeps its digits.
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';

const { OPENSEARCH_URL, SETUP_USER, SETUP_PASSWORD } = process.env;
const [action, folder] = process.argv.slice(2);
const authorization = `Basic ${Buffer.from(`${SETUP_USER}:${SETUP_PASSWORD}`).toString('base64')}`;
const requestBytes = 8 * 2 ** 20;
const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const name = encodeURIComponent;

/** The text of an answer; an error where it is none of success. @param missing instead of a 404 */
async function ask(method, path, body, type = 'application/json', missing = undefined) {
  const response = await fetch(`${OPENSEARCH_URL}/${path}`, {
    method,
    headers: { authorization, ...(body === undefined ? {} : { 'content-type': type }) },
    body: typeof body === 'object' ? JSON.stringify(body) : body,
    signal: AbortSignal.timeout(280_000),
  });
  const text = await response.text();
  if (response.status === 404 && missing !== undefined) return missing;
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
  return text;
}
const get = async (path) => JSON.parse(await ask('GET', path));

async function ready() {
  for (let tries = 0; ; tries++) {
    try {
      return await get('_cluster/health?wait_for_status=yellow&timeout=10s');
    } catch (error) {
      if (tries >= 60) throw error;
      await sleep(2000);
    }
  }
}

/** Indices of people, and those of Dashboards; the other ones with a dot belong to OpenSearch and its plugins. */
const isOurs = (index) => !index.startsWith('.') || index.startsWith('.kibana');

/** What lies beside the indices, in the order in which it can be made: path, and what is in the answer. */
const beside = [
  { path: '_ingest/pipeline', read: (answer) => answer },
  { path: '_search/pipeline', read: (answer) => answer },
  { path: '_component_template', read: (answer) => listed(answer.component_templates, 'component_template') },
  { path: '_index_template', read: (answer) => listed(answer.index_templates, 'index_template') },
  { path: '_template', read: (answer) => answer },
];
const listed = (list = [], key) => Object.fromEntries(list.map((item) => [item.name, item[key]]));
/** Where there is none at all, some paths say 404. */
const orNone = async (path) => JSON.parse(await ask('GET', path, undefined, undefined, '{}'));
const besideNow = async () =>
  Object.fromEntries(await Promise.all(beside.map(async ({ path, read }) => [path, read(await orNone(path))])));

/** @returns where the JSON value ends that starts at `at` */
export function endOf(text, at) {
  const first = text[at];
  if (first === '"') {
    for (let i = at + 1; ; i++) {
      if (text[i] === '\\') i++;
      else if (text[i] === '"') return i + 1;
      else if (i >= text.length) throw new Error('the answer is cut off');
    }
  }
  if (first !== '{' && first !== '[') {
    let i = at;
    while (i < text.length && !',]} \n\r\t'.includes(text[i])) i++;
    return i;
  }
  for (let i = at + 1, depth = 1; ; i++) {
    const character = text[i];
    if (character === '"') i = endOf(text, i) - 1;
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return i + 1;
    else if (i >= text.length) throw new Error('the answer is cut off');
  }
}

/** The values of an object or array as text, with their keys where it has some. */
export function* partsOf(text) {
  const gap = (i, more) => {
    while (more.includes(text[i])) i++;
    return i;
  };
  for (let i = gap(1, ' \n\r\t'); i < text.length - 1;) {
    let key;
    if (text[0] === '{') {
      const end = endOf(text, i);
      key = JSON.parse(text.slice(i, end));
      i = gap(end, ': \n\r\t');
    }
    const end = endOf(text, i);
    yield [key, text.slice(i, end)];
    i = gap(end, ', \n\r\t');
  }
}

/** Every document, as two lines of a bulk request. */
async function* documents(index, size) {
  const body = { size, sort: ['_doc'], track_total_hits: true };
  let answer = new Map(partsOf(await ask('POST', `${name(index)}/_search?scroll=10m`, body)));
  for (;;) {
    const { failed } = JSON.parse(answer.get('_shards'));
    if (failed > 0 || answer.get('timed_out') !== 'false') throw new Error(`${index}: not every shard answers`);
    const hits = [...partsOf(new Map(partsOf(answer.get('hits'))).get('hits'))];
    const scroll = { scroll_id: JSON.parse(answer.get('_scroll_id')) };
    if (hits.length === 0) {
      await ask('DELETE', '_search/scroll', scroll);
      return;
    }
    for (const [, hit] of hits) {
      const parts = new Map(partsOf(hit));
      const routing = parts.has('_routing') ? `,"routing":${parts.get('_routing')}` : '';
      const source = parts.get('_source');
      if (source === undefined) throw new Error(`${index}: a document has no _source`);
      // Between strings a line break means nothing, inside there is none.
      yield `{"_id":${parts.get('_id')}${routing}}\n${source.replace(/[\r\n]+/g, ' ')}\n`;
    }
    answer = new Map(partsOf(await ask('POST', '_search/scroll', { scroll: '10m', ...scroll })));
  }
}

async function save() {
  const { status } = await ready();
  if (status === 'red') throw new Error('the cluster is red: not every index can be read');
  const streams = (await get('_data_stream')).data_streams;
  const streamed = new Set(streams.flatMap(({ indices }) => indices.map(({ index_name }) => index_name)));
  const sizes = await get(
    '_cat/indices?format=json&bytes=b&expand_wildcards=all&h=index,status,docs.count,pri.store.size',
  );
  const closed = sizes.filter(({ index, status }) => status === 'close' && (isOurs(index) || streamed.has(index)));
  if (closed.length > 0) {
    throw new Error(
      `closed indices cannot be read: ${closed.map(({ index }) => index).join(', ')}. Open or delete them.`,
    );
  }
  const all = await get('_all?expand_wildcards=all');
  const sources = [
    ...Object.keys(all).filter((index) => isOurs(index) && !streamed.has(index)).map((index) => ({ index, ...all[index] })),
    ...streams.map((stream) => ({ index: stream.name, stream: true })),
  ]; // prettier-ignore
  const largest = Math.max(
    1,
    ...sizes.map((row) => Number(row['pri.store.size']) / Math.max(1, Number(row['docs.count']))),
  );
  const saved = [];
  for (const source of sources) {
    const average = sizes.find(({ index }) => index === source.index);
    const each = average ? Number(average['pri.store.size']) / Math.max(1, Number(average['docs.count'])) : largest;
    const size = Math.min(1000, Math.max(1, Math.floor(requestBytes / Math.max(each, 1))));
    const file = `documents-${saved.length}.gz`;
    let count = 0;
    const counted = async function* () {
      for await (const lines of documents(source.index, size)) {
        count++;
        yield lines;
      }
    };
    await pipeline(counted, createGzip({ level: 1 }), createWriteStream(`${folder}/${file}`));
    console.log(`${source.index}: ${count} documents`);
    saved.push({ ...source, file, count });
  }
  writeFileSync(`${folder}/indices.json`, JSON.stringify({ indices: saved, beside: await besideNow() }));
}

/** Settings that OpenSearch writes itself, and those that would change or refuse the documents on their way in. */
const own = ['uuid', 'version', 'creation_date', 'provided_name', 'resize', 'history'];
const late = ['blocks', 'default_pipeline', 'final_pipeline'];
const without = (object, keys) => Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
const only = (object, keys) => Object.fromEntries(Object.entries(object).filter(([key]) => keys.includes(key)));

async function send({ index, file, stream }) {
  const operation = stream ? 'create' : 'index';
  let body = '';
  let action;
  const flush = async () => {
    if (body === '') return;
    const answer = JSON.parse(await ask('POST', `${name(index)}/_bulk?pipeline=_none`, body, 'application/x-ndjson'));
    const refused = answer.items.map((item) => item[operation]).find(({ error }) => error);
    if (refused) throw new Error(`${index}: ${JSON.stringify(refused.error)}`);
    body = '';
  };
  const lines = createInterface({
    input: createReadStream(`${folder}/${file}`).pipe(createGunzip()),
    crlfDelay: Infinity,
  });
  for await (const line of lines) {
    if (action === undefined) action = line;
    else {
      body += `{"${operation}":${action}}\n${line}\n`;
      action = undefined;
      if (body.length > requestBytes) await flush();
    }
  }
  await flush();
  await ask('POST', `${name(index)}/_refresh`);
  const { count } = await get(`${name(index)}/_count`);
  return count;
}

async function load() {
  await ready();
  const { indices, beside: wanted } = JSON.parse(readFileSync(`${folder}/indices.json`, 'utf8'));
  for (const { name: stream } of (await get('_data_stream')).data_streams)
    await ask('DELETE', `_data_stream/${name(stream)}`);
  for (const index of Object.keys(await get('_all?expand_wildcards=all')).filter(isOurs))
    await ask('DELETE', name(index));
  const present = await besideNow();
  // What uses another one goes first.
  for (const { path } of [...beside].reverse()) {
    for (const key of Object.keys(present[path])) if (!key.startsWith('.')) await ask('DELETE', `${path}/${name(key)}`);
  }
  const restore = async (source) => {
    const count = await send(source);
    if (count !== source.count) throw new Error(`${source.index} has ${count} documents, its backup ${source.count}`);
    console.log(`${source.index}: ${count} documents`);
  };
  for (const source of indices.filter(({ stream }) => !stream)) {
    const { aliases, mappings, settings } = source;
    await ask('PUT', name(source.index), {
      aliases,
      mappings,
      settings: { index: without(settings.index, [...own, ...late]) },
    });
    await restore(source);
    const rest = only(settings.index, late);
    if (Object.keys(rest).length > 0) await ask('PUT', `${name(source.index)}/_settings`, { index: rest });
  }
  for (const { path } of beside) {
    for (const [key, value] of Object.entries(wanted[path]))
      if (!key.startsWith('.')) await ask('PUT', `${path}/${name(key)}`, value);
  }
  for (const source of indices.filter(({ stream }) => stream)) {
    await ask('PUT', `_data_stream/${name(source.index)}`);
    await restore(source);
  }
}

const actions = { save, load };
try {
  await actions[action]?.();
} catch (error) {
  console.error(error.message, error.cause ?? '');
  process.exitCode = 1;
}
