// What the scripts use of CouchDB's documented HTTP interface, for one node: https://docs.couchdb.org/en/stable/api/index.html
// It is configured as CouchDB is, keeps its databases in one file of `database_dir`, and replicates whole databases at once.
import { pbkdf2Sync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const settings = {};
for (const file of process.env.COUCHDB_INI_FILES.split(' ').filter((name) => name.endsWith('.ini'))) {
  if (!existsSync(file)) continue;
  let section = '';
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, header] = /^\[(.+)\]$/.exec(line) ?? [];
    const [, key, value] = /^(\w+) = (.*)$/.exec(line) ?? [];
    if (header) section = header;
    if (key) (settings[section] ??= {})[key] = value;
  }
}
const file = join(settings.couchdb.database_dir, 'databases.json');
const databases = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
const save = () => writeFileSync(file, JSON.stringify(databases));
const make = (q, partitioned) => ({ q, partitioned, _security: {}, _revs_limit: 1000, documents: {} });
if (settings.couchdb.single_node === 'true') {
  for (const name of ['_replicator', '_users']) databases[name] ??= make(2, false);
  save();
}

const passwords = new Map();
function signedIn(header = '') {
  const [name, password] = Buffer.from(header.replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':');
  const [, hash, salt, rounds] = /^-pbkdf2:sha256-(.*),(.*),(.*)$/.exec(settings.admins[name] ?? '') ?? [];
  if (!hash) return false;
  if (!passwords.has(password)) {
    passwords.set(password, pbkdf2Sync(password, salt, Number(rounds), 32, 'sha256').toString('hex') === hash);
  }
  return passwords.get(password);
}

async function replicate({ source, target }) {
  const headers = ({ username, password }) => ({
    authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
  });
  const got = await fetch(`${source.url}/_stub`, { headers: headers(source.auth.basic) });
  if (!got.ok) return [500, { error: 'source', reason: got.status }];
  const put = await fetch(`${target.url}/_stub`, {
    method: 'PUT',
    headers: headers(target.auth.basic),
    body: await got.text(),
  });
  const { refused } = await put.json();
  return [200, { ok: true, history: [{ doc_write_failures: refused }] }];
}

async function answer(method, url, body) {
  const [name = '', property, ...more] = url.pathname.slice(1).split('/').map(decodeURIComponent);
  if (name === '_all_dbs') return [200, Object.keys(databases).sort()];
  if (name === '_membership') return [200, JSON.parse(process.env.MEMBERSHIP)];
  if (name === '_replicate') return replicate(body);
  const database = databases[name];
  if (method === 'PUT' && property === undefined) {
    if (database) return [412, { error: 'file_exists' }];
    if (!/^([a-z][a-z0-9_$()+/-]*|_users|_replicator)$/.test(name)) return [400, { error: 'illegal_database_name', name }];
    databases[name] = make(Number(url.searchParams.get('q') ?? 2), url.searchParams.get('partitioned') === 'true');
    return [201, { ok: true }];
  }
  if (!database) return [404, { error: 'not_found', name }];
  if (property === undefined) {
    if (method === 'DELETE') Reflect.deleteProperty(databases, name);
    return [
      200,
      {
        db_name: name,
        doc_count: Object.values(database.documents).filter(({ _deleted }) => !_deleted).length,
        cluster: { q: database.q, n: Number(settings.cluster.n), w: 1, r: 1 },
        props: database.partitioned ? { partitioned: true } : {},
      },
    ];
  }
  if (property === '_security' || property === '_revs_limit') {
    if (method === 'GET') return [200, database[property]];
    if (property === '_security' && name === '_users') return [403, { error: 'forbidden' }];
    database[property] = body;
    return [200, { ok: true }];
  }
  if (property === '_stub') {
    if (method === 'GET') return [200, database.documents];
    const documents = Object.entries(body).filter(([, { refused }]) => !refused || !process.env.REFUSING);
    Object.assign(database.documents, Object.fromEntries(documents));
    return [200, { refused: Object.keys(body).length - documents.length }];
  }
  const id = [property, ...more].join('/');
  if (method === 'PUT') database.documents[id] = body;
  return database.documents[id] ? [200, database.documents[id]] : [404, { error: 'not_found' }];
}

createServer((request, response) => {
  let text = '';
  request.on('data', (data) => (text += data));
  request.on('end', async () => {
    const url = new URL(request.url, 'http://localhost');
    const [status, body] =
      url.pathname === '/_up'
        ? [200, { status: 'ok' }]
        : signedIn(request.headers.authorization)
          ? await answer(request.method, url, text === '' ? undefined : JSON.parse(text))
          : [401, { error: 'unauthorized' }];
    save();
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify(body)}\n`);
  });
}).listen(Number(settings.chttpd.port), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
