import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

type Shards = Record<number, string[]>;
interface Collection {
  readonly shardCount: number;
  /** Member → shard → its points; a shard that waits for its data has none. */
  readonly members: Record<number, Record<number, string[] | undefined>>;
  readonly keys?: boolean;
}

/**
 * What the scripts use of Qdrant's documented REST interface, with several members that share the shards of collections out:
 * a member knows the points of its own shards only. https://api.qdrant.tech/api-reference
 */
export class QdrantProtocol {
  readonly collections = new Map<string, Collection>();
  readonly aliases = new Map<string, string>();
  /** Snapshots that nobody removed. */
  readonly snapshots = new Map<string, string>();
  /** Damages what is downloaded. */
  damaged = false;
  private readonly servers: Server[] = [];
  private made = 0;

  private constructor(
    private readonly copies: number,
    private readonly apiKey: string,
  ) {}

  static async start(members: number, copies: number, apiKey: string): Promise<QdrantProtocol> {
    const cluster = new QdrantProtocol(copies, apiKey);
    for (let member = 0; member < members; member += 1) {
      const server = createServer((request, response) => {
        void read(request).then((body) => {
          const [status, answer] = cluster.answer(member, request, body);
          response.writeHead(status);
          response.end(typeof answer === 'string' ? answer : JSON.stringify({ result: answer, status: 'ok', time: 0.1 }));
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      cluster.servers.push(server);
    }
    return cluster;
  }

  get urls(): string[] {
    return this.servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  stop(): void {
    for (const server of this.servers) {
      server.closeAllConnections();
      server.close();
    }
  }

  /** A new collection with these points in its shards; shard `n` is on member `n` and the next ones. */
  make(name: string, shards: Shards, keys = false): void {
    const members: Collection['members'] = {};
    const ids = Object.keys(shards).map(Number);
    for (const shard of ids) {
      for (let copy = 0; copy < Math.min(this.copies, this.servers.length); copy += 1) {
        (members[(shard + copy) % this.servers.length] ??= {})[shard] = shards[shard];
      }
    }
    this.collections.set(name, { shardCount: ids.length, members, keys });
  }

  /** Shard → the points of each copy; `undefined` for a copy that is not active. */
  copiesOf(name: string): Record<number, (string[] | undefined)[]> {
    const result: Record<number, (string[] | undefined)[]> = {};
    for (const shards of Object.values(this.collections.get(name)?.members ?? {})) {
      for (const [shard, points] of Object.entries(shards)) (result[Number(shard)] ??= []).push(points);
    }
    return result;
  }

  private answer(member: number, request: IncomingMessage, body: Buffer): [number, unknown] {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/readyz') return [200, 'all shards are ready'];
    if (request.headers['api-key'] !== this.apiKey) return [401, 'Must provide an API key'];
    const [kind, encoded = '', ...rest] = url.pathname.slice(1).split('/');
    if (kind === 'aliases') {
      const aliases = [...this.aliases].map(([alias_name, collection_name]) => ({ alias_name, collection_name }));
      return [200, { aliases }];
    }
    if (encoded === 'aliases') {
      type Action = { create_alias: { alias_name: string; collection_name: string } };
      for (const { create_alias } of (JSON.parse(body.toString()) as { actions: Action[] }).actions) {
        this.aliases.set(create_alias.alias_name, create_alias.collection_name);
      }
      return [200, true];
    }
    if (encoded === '') return [200, { collections: [...this.collections.keys()].map((name) => ({ name })) }];
    const name = decodeURIComponent(encoded);
    const shard = rest[0] === 'shards' ? Number(rest[1]) : undefined;
    const [what, which] = shard === undefined ? rest : rest.slice(2);
    if (what === 'snapshots' && which === 'upload') return this.upload(member, name, shard, url, body);
    const collection = this.collections.get(name);
    if (!collection) return [404, `Collection ${name} doesn't exist!`];
    const own = collection.members[member] ?? {};
    if (what === undefined && request.method === 'DELETE') {
      for (const [alias, target] of this.aliases) if (target === name) this.aliases.delete(alias);
      return [200, this.collections.delete(name)];
    }
    if (what === 'cluster') return [200, cluster(collection, member)];
    if (what === 'points') return [200, { count: new Set(Object.values(this.copiesOf(name)).flat(2)).size }];
    if (what !== 'snapshots') return [404, ''];
    if (which === undefined) {
      const points = shard === undefined ? own : { [shard]: own[shard] };
      if (shard !== undefined && own[shard] === undefined) return [404, 'Shard is not here'];
      const snapshot = `${name}-${member}-${(this.made += 1)}.snapshot`;
      const text = JSON.stringify({ shardCount: collection.shardCount, points });
      this.snapshots.set(snapshot, text);
      return [200, { name: snapshot, creation_time: '2026-01-02T03:04:05', size: text.length, checksum: sha256(text) }];
    }
    const text = this.snapshots.get(decodeURIComponent(which));
    if (text === undefined) return [404, 'no snapshot'];
    if (request.method === 'DELETE') return [200, this.snapshots.delete(decodeURIComponent(which))];
    return [200, this.damaged ? text.slice(1) : text];
  }

  /** As priority `no_sync` says: this member's copies get the data and are active, nobody else's are touched. */
  private upload(member: number, name: string, shard: number | undefined, url: URL, body: Buffer): [number, unknown] {
    const text = /\r\n\r\n([^]*)\r\n--/.exec(body.toString())?.[1] ?? '';
    if (url.searchParams.get('priority') !== 'no_sync') return [400, 'priority'];
    if (url.searchParams.get('checksum') !== sha256(text)) return [400, 'checksum'];
    const { shardCount, points } = JSON.parse(text) as { shardCount: number; points: Shards };
    if (!this.collections.has(name)) {
      this.make(name, Object.fromEntries(Array.from({ length: shardCount }, (_, id) => [id, []])));
      for (const shards of Object.values(this.collections.get(name)?.members ?? {})) {
        for (const id of Object.keys(shards)) shards[Number(id)] = undefined;
      }
    }
    const own = this.collections.get(name)?.members[member] ?? {};
    if (shard !== undefined && !(shard in own)) return [404, 'Shard is not here'];
    for (const [id, data] of Object.entries(points)) if (id in own) own[Number(id)] = data;
    return [200, true];
  }
}

function cluster({ shardCount, members, keys }: Collection, member: number) {
  // A text that looks like the names of fields.
  const key = keys ? { shard_key: '"remote_shards":[' } : {};
  return {
    peer_id: 1000 + member,
    shard_count: shardCount,
    local_shards: Object.entries(members[member] ?? {}).map(([id, points]) => ({
      shard_id: Number(id),
      ...key,
      points_count: points?.length ?? 0,
      state: points ? 'Active' : 'Partial',
    })),
    remote_shards: Object.entries(members).flatMap(([peer, shards]) =>
      Number(peer) === member
        ? []
        : Object.keys(shards).map((id) => ({
            shard_id: Number(id),
            ...key,
            peer_id: 1000 + Number(peer),
            state: 'Active',
          })),
    ),
    shard_transfers: [],
  };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function read(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
