// A snapshot of the storage, which stays encrypted: node snapshot.mjs save|load FOLDER NODE...
// https://openbao.org/api-docs/system/storage/raft/
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, readFileSync, renameSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { leader, Node, open, sleep, textOf } from './client.mjs';

const { CA_FILE, SECRET_ID, EARLIER_KEYS } = process.env;
const [action, folder, ...addresses] = process.argv.slice(2);
const ca = readFileSync(CA_FILE);
const nodes = addresses.map((address) => new Node(address, ca));
const file = `${folder}/raft.snap`;
const path = 'sys/storage/raft/snapshot';

async function signedIn(tries = 60) {
  for (;;) {
    try {
      const own = await (await leader(nodes)).signIn('hearth-snapshot', SECRET_ID);
      if (own) return own;
      throw new Error('the AppRole hearth-snapshot is refused');
    } catch (error) {
      if (--tries === 0) throw error;
      await sleep(3);
    }
  }
}

async function save() {
  const node = await signedIn();
  const answer = await open(`${node.address}/v1/${path}`, { ca, headers: node.headers, timeout: 600_000 });
  if (answer.statusCode !== 200) throw new Error(`GET ${path}: ${answer.statusCode}`);
  await pipeline(answer, createWriteStream(`${file}.new`));
  await check(`${file}.new`);
  renameSync(`${file}.new`, file);
  console.log(`saved ${statSync(file).size} bytes`);
}

/** Whether the archive is whole: success is said before all of it is sent. */
async function check(archive) {
  const parts = [];
  const unpacked = createGunzip();
  await pipeline(createReadStream(archive), unpacked, async (stream) => {
    for await (const part of stream) parts.push(part);
  });
  const entries = new Map(filesIn(Buffer.concat(parts)));
  const sums = (entries.get('SHA256SUMS') ?? Buffer.alloc(0)).toString().trim().split('\n');
  if (!sums.some((line) => line.endsWith('state.bin'))) throw new Error('the snapshot is cut off');
  for (const [sum, name] of sums.map((line) => line.split(/\s+/))) {
    const found = createHash('sha256')
      .update(entries.get(name) ?? '')
      .digest('hex');
    if (found !== sum) throw new Error(`${name} in the snapshot is damaged`);
  }
}

/** The files of a tar archive. */
function* filesIn(tar) {
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const field = (from, length) => tar.toString('latin1', at + from, at + from + length).split('\0')[0];
    const size = parseInt(field(124, 12), 8);
    yield [field(0, 100), tar.subarray(at + 512, at + 512 + size)];
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

async function load() {
  await check(file);
  const node = await signedIn();
  const send = async (to) => {
    const answer = await open(`${node.address}/v1/${to}`, {
      method: 'POST',
      ca,
      headers: node.headers,
      body: createReadStream(file),
      length: statSync(file).size,
      timeout: 600_000,
    });
    return [answer.statusCode, await textOf(answer)];
  };
  let [status, text] = await send(path);
  const otherKeys = status === 400 && /different (set of unseal keys|autoseal key)/.test(text);
  if (otherKeys && EARLIER_KEYS) {
    console.log(`it was made with earlier keys, which must be in the Secret ${EARLIER_KEYS}`);
    [status, text] = await send(`${path}-force`);
  } else if (otherKeys) {
    throw new Error(
      'it was made with other keys than those of this storage, and nobody but you may have them: see docs/secrets.md',
    );
  }
  if (status >= 300) throw new Error(`POST ${path}: ${status} ${text.slice(0, 300)}`);
  // The nodes take it over, and whoever signs in now is let in by what it says.
  await sleep(3);
  await signedIn(100);
  console.log('restored');
}

try {
  await (action === 'save' ? save() : load());
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
