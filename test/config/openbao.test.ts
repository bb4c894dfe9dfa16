import { X509Certificate } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as YAML from 'yaml';
import { buildPlatform } from '../../lib/build-platform';
import { parsePlatform } from '../../lib/config/load';
import { objectsOf, platformNamed, root, suppliedValues } from '../api/support/platforms';
import { environmentOf } from '../api/support/container';
import { Background, eventually, findProgram, postgresFolders, run, suiteWith, type Result } from '../api/support/programs'; // prettier-ignore
import { commandLine } from '../cli/command-line';
import { MemoryCluster } from '../cli/memory-cluster';
import type { Container } from '../support/kubernetes';
import { all, container, find, findJob } from '../support/objects';
import { KubernetesApi } from './support/kubernetes-api';
import { PostgresServer, postgresPrograms } from './support/postgres-server';
import { vault, VaultNodes, type Answer } from './support/vault-nodes';

/**
 * What OpenBao 2.6 reads, from its sources: internal/command/server/config.go, internal/helper/configutil/listener.go,
 * internal/physical/raft/raft.go and wrappers/static of openbao/go-kms-wrapping. Its program is not to be had here.
 */
const openBaoReads = {
  top: ['ui', 'cluster_name', 'storage', 'listener', 'seal', 'telemetry', 'audit'],
  raft: ['path', 'node_id', 'retry_join', 'performance_multiplier'],
  join: ['leader_api_addr', 'leader_ca_cert_file', 'leader_tls_servername'],
  tcp: ['address', 'cluster_address', 'tls_cert_file', 'tls_key_file', 'tls_min_version', 'tls_disable', 'telemetry'],
  listenerTelemetry: ['unauthenticated_metrics_access', 'disallow_metrics', 'metrics_only'],
  telemetry: ['prometheus_retention_time', 'disable_hostname'],
  static: ['current_key', 'current_key_id', 'previous_key', 'previous_key_id'],
  audit: ['description', 'options', 'local'],
} as const;

interface OpenBaoConfig extends Record<string, unknown> {
  storage: { raft: Record<string, unknown> };
  listener: { tcp: Record<string, unknown> }[];
  seal: { static: Record<string, string> }[];
  telemetry: object;
  audit: { file: Record<string, { options: Record<string, string> }> }[];
}

describe('the configuration of OpenBao', () => {
  const objects = objectsOf(platformNamed('hy-home-external'));
  const config = JSON.parse(find(objects, 'ConfigMap', 'openbao').data['server.json'] ?? '') as OpenBaoConfig;
  const unknown = (value: object | undefined, known: readonly string[]) =>
    Object.keys(value ?? {}).filter((key) => !known.includes(key));

  test('has no field that OpenBao does not know', () => {
    expect(unknown(config, openBaoReads.top)).toEqual([]);
    expect(unknown(config.storage.raft, openBaoReads.raft)).toEqual([]);
    for (const { tcp } of config.listener) {
      expect(unknown(tcp, openBaoReads.tcp)).toEqual([]);
      expect(unknown(tcp.telemetry as object, openBaoReads.listenerTelemetry)).toEqual([]);
    }
    expect(unknown(config.telemetry, openBaoReads.telemetry)).toEqual([]);
    for (const { static: seal } of config.seal) expect(unknown(seal, openBaoReads.static)).toEqual([]);
    for (const { file } of config.audit) {
      for (const device of Object.values(file)) expect(unknown(device, openBaoReads.audit)).toEqual([]);
    }
  });

  test('opens the storage with a key of 64 hexadecimal digits in a file, which has a name', () => {
    const [seal] = config.seal;
    expect(seal?.static.current_key_id).not.toBe('');
    const { template } = find(objects, 'StatefulSet', 'openbao').spec;
    const file = (seal?.static.current_key ?? '').replace('file://', '');
    const mounts = container(template, 'openbao').volumeMounts as { name: string; mountPath: string }[];
    const mount = mounts.find(({ mountPath }) => mountPath === dirname(file));
    const volume = template.spec.volumes.find(({ name }) => name === mount?.name);
    expect(volume?.secret?.items).toEqual([{ key: 'unseal.key', path: 'unseal.key' }]);
    const { credentials } = platformNamed('hy-home-external').graph;
    const rule = credentials.find(({ name }) => name === volume?.secret?.secretName)?.keys['unseal.key'];
    // 64 characters are read as hexadecimal digits of 32 bytes, whatever they are.
    expect(rule).toEqual({ kind: 'hexadecimal', length: 64 });
  });
});

const suite = suiteWith('test/config/openbao', {
  'vault on PATH (the same API as OpenBao)': vault,
  'postgres, initdb and psql (Debian: postgresql-15)': findProgram('postgres', postgresFolders()),
});
const namespace = 'secrets-security';

/** Three nodes of Vault, which stand in for OpenBao as well, with the job that sets them up as the manifests start it. */
suite('a real Vault of three nodes', () => {
  const platform = platformNamed('secrets');
  const objects = objectsOf(platform);
  const tls = platform.graph.credentials.find(({ name }) => name === 'vault-tls');
  const folders: string[] = [];
  let nodes: VaultNodes;
  let kubernetes: KubernetesApi;
  let postgres: PostgresServer;
  const secret = (name: string, key: string) => (key === 'username' ? 'postgres' : `${key}-of-${name}-0123456789`);
  const config = find(objects, 'ConfigMap', 'vault').data['server.json'] ?? '';

  const keysPath = `/api/v1/namespaces/${namespace}/secrets/vault-keys`;
  type Files = Parameters<typeof VaultNodes.start>[3];

  function nodesOf(count: number, serverJson = config, files: Files = {}): Promise<VaultNodes> {
    if (!tls) throw new Error('no certificate');
    return VaultNodes.start(serverJson, tls, count, files);
  }

  /** Another store, with a Secret of its own for its keys, for as long as something uses it. */
  async function withStore(started: Promise<VaultNodes>, use: (of: VaultNodes, api: KubernetesApi) => Promise<void>) {
    const of = await started;
    const api = await KubernetesApi.start(keysPath);
    try {
      await use(of, api);
    } finally {
      await of.stop();
      api.stop();
    }
  }

  const newFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-openbao-'));
    folders.push(folder);
    return folder;
  };

  beforeAll(async () => {
    kubernetes = await KubernetesApi.start(keysPath);
    postgres = await PostgresServer.start(secret('mng-pg', 'password'));
    nodes = await nodesOf(3);
  }, 180_000);

  afterAll(async () => {
    await nodes?.stop();
    await postgres?.stop();
    kubernetes?.stop();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  /** The files of a ConfigMap in a folder. */
  function filesOf(name: string, of: VaultNodes): string {
    const folder = newFolder();
    for (const [file, text] of Object.entries(find(objects, 'ConfigMap', name).data)) {
      const state = file === 'state.json' ? { ...(JSON.parse(text) as object), nodes: of.addresses } : undefined;
      writeFileSync(join(folder, file), state ? JSON.stringify(state) : text);
    }
    return folder;
  }

  type State = Record<string, unknown> & { databases: object; clients?: object; policies: Record<string, string> };
  interface JobOptions {
    readonly of?: VaultNodes;
    readonly api?: KubernetesApi;
    readonly patience?: number;
    /** Changes what it reads. */
    readonly change?: (state: State) => object;
    readonly env?: Record<string, string>;
  }

  /** A job of the store, with files, nodes, API server and database where they are here. */
  async function job(name: string, options: JobOptions = {}): Promise<Result> {
    const { of = nodes, api = kubernetes, patience = 40, change = (state: State) => state } = options;
    const props = container(findJob(objects, name).spec.template, 'vault');
    const folder = filesOf('vault-setup', of);
    const file = join(folder, 'state.json');
    const { databases, ...rest } = JSON.parse(
      find(objects, 'ConfigMap', 'vault-setup').data['state.json'] ?? '',
    ) as State;
    const here = { ...rest, databases: { ...databases, host: `127.0.0.1:${postgres.port}` }, nodes: of.addresses };
    writeFileSync(file, JSON.stringify(change(here as unknown as State)));
    const [, ...args] = props.command.map((part) => part.replace('/etc/store-setup', folder));
    const env = {
      ...environmentOf(props, secret),
      ...api.env,
      CA_FILE: of.authorityFile,
      PATIENCE: String(patience),
      PATH: process.env.PATH,
      ...options.env,
    };
    const result = await run(process.execPath, args, { env });
    for (const value of [...Object.values(api.secret), 'secretId-of', 'password-of']) {
      if (value !== '') expect(`${result.stdout}${result.stderr}`).not.toContain(value);
    }
    return result;
  }

  async function signIn(password = secret('vault', 'password'), of = nodes): Promise<string> {
    const answer = await of.ask(await of.leader(), 'POST', 'auth/userpass/login/admin', { password });
    return tokenIn(answer);
  }
  const tokenIn = ({ status, body }: Answer): string => {
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return (body.auth as { client_token: string }).client_token;
  };
  /** As the administrator, through any node. */
  const ask = async (method: string, path: string, body?: unknown) =>
    nodes.ask(await nodes.leader(), method, path, body, await signIn());
  const login = async (role: string, jwt: string) =>
    nodes.ask(await nodes.leader(), 'POST', 'auth/kubernetes/login', { role, jwt });
  /** As a client with a token. */
  const as = async (token: string, method: string, path: string, body?: unknown) =>
    nodes.ask(await nodes.leader(), method, path, body, token);
  const data = ({ body }: Answer) => body.data as Record<string, string>;
  const shop = async () => tokenIn(await login('shop', kubernetes.tokenOf('secrets-shop', 'shop', 'vault')));

  test('takes every field of its configuration, and is not ready before it is set up', async () => {
    expect(nodes.log).not.toMatch(/unknown or unsupported field/);
    const path = (kind: 'readinessProbe' | 'livenessProbe') => {
      const probe = container(find(objects, 'StatefulSet', 'vault').spec.template, 'vault')[kind] as {
        httpGet: { path: string };
      };
      return probe.httpGet.path.replace('/v1/', '');
    };
    expect((await nodes.ask(0, 'GET', path('readinessProbe'))).status).toBe(501);
    expect((await nodes.ask(0, 'GET', path('livenessProbe'))).status).toBe(204);
  });

  test('the job waits for every node before it makes a storage', async () => {
    await nodes.stopNode(2);
    const { code, stdout, stderr } = await job('vault-setup', { patience: 4 });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('waiting for') as unknown });
    expect(stdout).not.toContain('has its storage now');
    expect(kubernetes.secret).toEqual({});
    await nodes.startNode(2);
  });

  test('the first start makes one storage of three nodes, keeps its keys in the Secret, and ends the root token', async () => {
    const result = await job('vault-setup');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain('the root token has ended');
    expect(Object.keys(kubernetes.secret)).toEqual(['unseal-keys']);
    const { body } = await ask('GET', 'sys/storage/raft/configuration');
    const { servers } = (body.data as { config: { servers: { node_id: string; voter: boolean }[] } }).config;
    expect(servers.map(({ node_id: id }) => id).sort()).toEqual(['vault-0', 'vault-1', 'vault-2']);
    for (const node of [0, 1, 2]) {
      await eventually(async () => {
        const { status } = await nodes.ask(node, 'GET', 'sys/health?standbyok=true');
        expect([node, status]).toEqual([node, 200]);
      });
    }
  });

  test('again it changes nothing, and keeps no older secret of an AppRole', async () => {
    const before = { ...kubernetes.secret };
    const again = await job('vault-setup');
    expect(again).toEqual({ code: 0, stderr: '', stdout: 'done\n' });
    expect(kubernetes.secret).toEqual(before);
    for (const role of ['hearth-setup', 'hearth-snapshot']) {
      const { body } = await ask('GET', `auth/approle/role/${role}/secret-id?list=true`);
      expect((body.data as { keys: string[] }).keys).toHaveLength(1);
    }
  });

  test('a new password of the administrator holds once the job ran, and the old one does not', async () => {
    expect(await job('vault-setup', { env: { ADMIN_PASSWORD: 'new-one' } })).toMatchObject({ code: 0 });
    await expect(signIn()).rejects.toThrow('400');
    await signIn('new-one');
    expect(await job('vault-setup')).toMatchObject({ code: 0 });
    await signIn();
  });

  test('the service account of a namespace reads what belongs to its tier, and nothing else', async () => {
    for (const path of ['secrets/data/db', 'secrets/gateway/tls', 'shop/stripe', 'elsewhere/x']) {
      expect(await ask('POST', `secret/data/${path}`, { data: { value: path } })).toMatchObject({ status: 200 });
    }
    const reader = (of: string, audience = 'vault', account = 'vault-reader', seconds = 600) =>
      kubernetes.tokenOf(of, account, audience, seconds);
    const token = tokenIn(await login('secrets-data', reader('secrets-data')));
    const read = async (path: string) => (await as(token, 'GET', `secret/data/${path}`)).status;
    expect([await read('secrets/data/db'), await read('secrets/gateway/tls'), await read('shop/stripe')]).toEqual([
      200, 403, 403,
    ]); // prettier-ignore
    expect((await as(token, 'POST', 'secret/data/secrets/data/db', { data: {} })).status).toBe(403);
    const refused = [
      reader('secrets-gateway'),
      reader('secrets-data', 'https://kubernetes.default.svc'),
      reader('secrets-data', 'vault', 'default'),
      reader('secrets-data', 'vault', 'vault-reader', -600),
      'no token',
    ];
    for (const jwt of refused) expect([jwt, (await login('secrets-data', jwt)).status]).toEqual([jwt, 400]);
  });

  test('hearth fills it with every credential, by its program in a pod; External Secrets finds there what each namespace needs, and no more', async () => {
    const folder = newFolder();
    const file = join(folder, 'platforms/secrets.yaml');
    const text = `${readFileSync(join(root, 'test/platforms/secrets.yaml'), 'utf8')}secrets: external\n`;
    for (const name of ['platforms', 'dist']) mkdirSync(join(folder, name));
    writeFileSync(file, text);
    const external = buildPlatform(parsePlatform(text, file));
    const memory = new MemoryCluster();
    memory.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'vault-0', namespace, labels: { 'app.kubernetes.io/name': 'vault', 'app.kubernetes.io/instance': 'vault' } },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    } as Parameters<typeof memory.put>[0]); // prettier-ignore
    memory.secrets.set(`${namespace}/vault`, 'password', secret('vault', 'password'));
    const leader = await nodes.leader();
    memory.answer = (_inside, command, input = '') => {
      const [program = '', ...args] = command.map((part) =>
        part
          .replace('https://localhost:8200', nodes.addresses[leader] ?? '')
          .replace('/etc/store/tls/ca.crt', nodes.authorityFile),
      );
      const { status, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8' });
      return { code: status ?? -1, stdout, stderr };
    };
    const credentials = () =>
      commandLine(['credentials', 'secrets'], { root: folder, memory, env: suppliedValues(external) });
    expect(await credentials()).toMatchObject({ code: 0, err: '' });
    expect((await credentials()).out).toContain('nothing was missing');

    // As External Secrets does with what the manifests say: https://external-secrets.io/latest/provider/hashicorp-vault/
    const made = objectsOf(external);
    const tokens = new Map<string, string>();
    for (const { metadata, spec } of all(made, 'SecretStore')) {
      const { jwt } = spec.provider.vault.auth;
      const { name, audiences } = jwt.kubernetesServiceAccountToken.serviceAccountRef;
      const account = kubernetes.tokenOf(metadata.namespace, name, audiences[0] ?? '');
      expect([jwt.path, spec.provider.vault.path, spec.provider.vault.version]).toEqual(['kubernetes', 'secret', 'v2']);
      tokens.set(metadata.namespace, tokenIn(await login(jwt.role, account)));
    }
    const wanted = all(made, 'ExternalSecret').flatMap(({ metadata, spec }) =>
      spec.data.map(({ remoteRef }) => ({ ...remoteRef, of: metadata.namespace })),
    );
    expect(wanted.length).toBeGreaterThan(10);
    for (const { of, key, property } of wanted) {
      const found = await as(tokens.get(of) ?? '', 'GET', `secret/data/${key}`);
      expect([
        key,
        property,
        typeof (data(found).data as unknown as Record<string, unknown> | undefined)?.[property],
      ]).toEqual([key, property, 'string']);
      for (const [other, token] of tokens) {
        if (other !== of) expect((await as(token, 'GET', `secret/data/${key}`)).status).toBe(403);
      }
    }
  });

  test('a declared client reads its own path alone', async () => {
    const token = await shop();
    expect((await as(token, 'GET', 'secret/data/shop/stripe')).status).toBe(200);
    expect((await as(token, 'GET', 'secret/data/elsewhere/x')).status).toBe(403);
    expect((await as(token, 'GET', 'sys/policies/acl/hearth-setup')).status).toBe(403);
  });

  test('the cluster signs with other keys: tokens hold again once the job ran', async () => {
    kubernetes.renewKeys();
    const jwt = kubernetes.tokenOf('secrets-data', 'vault-reader', 'vault');
    expect((await login('secrets-data', jwt)).status).toBe(400);
    expect(await job('vault-setup')).toMatchObject({ code: 0 });
    expect((await login('secrets-data', jwt)).status).toBe(200);
  });

  test('encryption with a declared key, and with no other one', async () => {
    const token = await shop();
    const plaintext = Buffer.from('an order').toString('base64');
    const encrypted = await as(token, 'POST', 'transit/encrypt/orders', { plaintext });
    expect(data(encrypted).ciphertext).toMatch(/^vault:v1:/);
    const decrypted = await as(token, 'POST', 'transit/decrypt/orders', { ciphertext: data(encrypted).ciphertext });
    expect(data(decrypted).plaintext).toBe(plaintext);
    expect((await as(token, 'POST', 'transit/encrypt/other', { plaintext })).status).toBe(403);
  });

  test('a certificate for a name of the platform, signed by its root; none for other names', async () => {
    const token = await shop();
    const issue = (name: string) => as(token, 'POST', 'pki/issue/platform', { common_name: name });
    const { certificate = '', issuing_ca: root = '' } = data(await issue('api.secrets.hearth-fixture.dev'));
    const [issued, authority] = [new X509Certificate(certificate), new X509Certificate(root)];
    expect(issued.checkHost('api.secrets.hearth-fixture.dev')).toBeDefined();
    expect(issued.verify(authority.publicKey)).toBe(true);
    expect(authority.subject).toBe('CN=secrets root');
    expect((await issue('mng-pg.secrets-data.svc')).status).toBe(200);
    expect((await issue('www.my-company.org')).status).toBe(400);
  });

  describe('users of databases', () => {
    beforeAll(async () => {
      const props = container(findJob(objects, 'mng-pg-databases').spec.template, 'mng-pg');
      const folder = newFolder();
      const script = find(objects, 'ConfigMap', 'mng-pg-databases').data['databases.sql'] ?? '';
      writeFileSync(join(folder, 'databases.sql'), script);
      const [command = '', ...args] = props.command.map((part) => part.replace('/etc/databases', folder));
      const env = {
        ...environmentOf(props, secret),
        PGHOST: '127.0.0.1',
        PGPORT: String(postgres.port),
        PATH: `${postgresPrograms}:${process.env.PATH}`,
      };
      for (const again of [false, true]) {
        expect([again, await run(command, args, { env })]).toEqual([again, expect.objectContaining({ code: 0 })]);
      }
      for (const again of [false, true]) {
        expect([again, await job('vault-databases')]).toEqual([again, expect.objectContaining({ code: 0 })]);
      }
    });

    const superuser = { password: secret('mng-pg', 'password') };
    const user = async (role: string) => {
      const answer = await as(await shop(), 'GET', `database/creds/${role}`);
      const { username = '', password = '' } = data(answer);
      return { lease: String(answer.body.lease_id), as: { role: username, password, database: 'shop' } };
    };
    const exists = async (role: string) =>
      (await postgres.query(`SELECT 1 FROM pg_roles WHERE rolname = '${role}'`, superuser)).length > 0;

    test('one with all rights makes what the owner of the database has; one that reads changes nothing', async () => {
      const own = await user('shop');
      await postgres.query('CREATE TABLE orders (id int); INSERT INTO orders VALUES (1)', own.as);
      const owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'orders'";
      expect(await postgres.query(owner, { ...superuser, database: 'shop' })).toEqual(['shop']);
      const reader = await user('shop-reader');
      expect(await postgres.query('SELECT id FROM orders', reader.as)).toEqual(['1']);
      await expect(postgres.query('INSERT INTO orders VALUES (2)', reader.as)).rejects.toThrow('permission denied');
      await postgres.query('CREATE TABLE later (id int)', own.as);
      expect(await postgres.query('SELECT count(*) FROM later', reader.as)).toEqual(['0']);
      expect(postgres.log).not.toContain(own.as.password);
      for (const { lease, as: access } of [own, reader]) {
        expect((await ask('POST', 'sys/leases/revoke', { lease_id: lease, sync: true })).status).toBe(204);
        expect(await exists(access.role)).toBe(false);
      }
      expect(await postgres.query(owner, { ...superuser, database: 'shop' })).toEqual(['shop']);
    });

    test('one that is not renewed is gone after its lease, and its sessions with it', async () => {
      const { as: access } = await user('shop');
      // As itself, and not as the owner of the database.
      await postgres.query(`SET ROLE "${access.role}"; CREATE TABLE own (id int)`, access);
      const session = new Background(
        join(postgresPrograms, 'psql'),
        ['-XAt', '--no-password', '--command', 'SELECT pg_sleep(120)'],
        {
          env: {
            PGHOST: '127.0.0.1',
            PGPORT: String(postgres.port),
            PGUSER: access.role,
            PGPASSWORD: access.password,
            PGDATABASE: 'shop',
          },
        },
      );
      await eventually(async () => expect(await exists(access.role)).toBe(false), 60);
      expect(await session.ended).not.toBe(0);
      await expect(postgres.query('SELECT 1', access)).rejects.toThrow('password authentication failed');
      const owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'own'";
      expect(await postgres.query(owner, { ...superuser, database: 'shop' })).toEqual(['shop']);
    }); // prettier-ignore
  });

  test('the leader is killed: a read succeeds within 15 seconds', async () => {
    const token = await shop();
    const victim = await nodes.leader();
    const killed = Date.now();
    await nodes.stopNode(victim, 'SIGKILL');
    const other = (victim + 1) % 3;
    await eventually(async () => {
      expect((await nodes.ask(other, 'GET', 'secret/data/shop/stripe', undefined, token)).status).toBe(200);
    }, 30);
    const seconds = (Date.now() - killed) / 1000;
    console.log(`a read succeeded ${seconds.toFixed(1)} s after the leader was killed`);
    expect(seconds).toBeLessThan(15);
    await nodes.startNode(victim);
  });

  /** The container beside a node, and where it looks for keys. */
  function unsealer(of: VaultNodes, node: number, secretsAreBehind = 120) {
    const sidecar = container(find(objects, 'StatefulSet', 'vault').spec.template, 'unseal');
    const folder = newFolder();
    const [command = '', ...args] = sidecar.command.map((part) =>
      part.replaceAll('/keys/', `${folder}/`).replace('-lt 120 ', `-lt ${secretsAreBehind} `),
    );
    const env = {
      ...environmentOf(sidecar, secret),
      VAULT_ADDR: of.addresses[node],
      VAULT_CACERT: of.authorityFile,
      HOME: folder,
      PATH: process.env.PATH,
    };
    return { program: new Background(command, args, { env }), folder };
  }

  test('the container beside a node opens it after a restart, with the newest key that fits', async () => {
    const closed = async (node: number) => (await nodes.ask(node, 'GET', 'sys/seal-status')).body.sealed;
    const node = (await eventually(() => nodes.leader())) === 0 ? 1 : 0;
    await nodes.stopNode(node);
    await nodes.startNode(node);
    expect(await closed(node)).toBe(true);
    const { program, folder } = unsealer(nodes, node);
    try {
      // Without keys it waits.
      await sleep(4000);
      expect([await closed(node), program.code]).toEqual([true, undefined]);
      const wrong = Buffer.alloc(33, 7).toString('base64');
      writeFileSync(join(folder, 'unseal-keys'), wrong);
      writeFileSync(join(folder, 'earlier-unseal-keys'), `${wrong}\n${kubernetes.secret['unseal-keys']}`);
      await program.until(async () => expect(await closed(node)).toBe(false), 30);
      await program.until(async () => expect(program.log).toBe('The storage is open.\n'), 10);
    } finally {
      await program.stop();
    }
    expect(program.code).toBe(0);
  });

  test('the container beside a new node offers it no key of a storage that is lost: with that one it would never join', async () => {
    await withStore(nodesOf(3), async (others, api) => {
      const before = kubernetes.secret['unseal-keys'] ?? '';
      api.secret['unseal-keys'] = before;
      const beside = [0, 1, 2].map((node) => unsealer(others, node));
      try {
        // Files of a Secret are behind it for a while.
        for (const { folder } of beside) writeFileSync(join(folder, 'unseal-keys'), before);
        await sleep(4000);
        expect(await job('vault-setup', { of: others, api })).toMatchObject({ code: 0 });
        const health = async (node: number) => (await others.ask(node, 'GET', 'sys/health?standbyok=true')).status;
        for (const node of [0, 1, 2]) expect(await health(node)).toBe(200);
        expect(beside.map(({ program }) => program.log)).toEqual(['', '', '']);

        // Once it has been open, it is opened at once: a wrong key does no harm there.
        const key = api.secret['unseal-keys'] ?? '';
        for (const { folder } of beside) writeFileSync(join(folder, 'unseal-keys'), key);
        await sleep(4000);
        await others.stopNode(1);
        await others.startNode(1);
        await eventually(async () => expect(await health(1)).toBe(200));

        // A volume is lost: without a job, the container has the node join by itself.
        await others.stopNode(2);
        rmSync(join(others.folder, '2/data'), { recursive: true });
        mkdirSync(join(others.folder, '2/data'));
        await others.startNode(2);
        const patient = unsealer(others, 2, 5);
        beside.push(patient);
        writeFileSync(join(patient.folder, 'unseal-keys'), key);
        await patient.program.until(async () => expect(await health(2)).toBe(200), 40);
      } finally {
        for (const { program } of beside) await program.stop();
      }
    });
  }, 300_000);

  test('the paths of probes and metrics answer without a token, and nothing else does', async () => {
    const node = await eventually(() => nodes.leader());
    const metrics = await nodes.ask(node, 'GET', 'sys/metrics?format=prometheus');
    expect([metrics.status, String(metrics.body.text)]).toEqual([200, expect.stringContaining('vault_core_unsealed')]);
    for (const path of ['sys/mounts', 'secret/data/shop/stripe', 'sys/storage/raft/configuration']) {
      expect([path, (await nodes.ask(node, 'GET', path)).status]).toEqual([path, 403]);
    }
  });

  test('every request is in the log, and no value', async () => {
    expect(nodes.log).toContain('"path":"secret/data/shop/stripe"');
    expect(nodes.log).not.toContain(secret('vault', 'password'));
    expect(nodes.log).not.toContain(kubernetes.secret['unseal-keys']);
  });

  test('a policy that nobody declares any more is gone, and a token of before reads nothing more', async () => {
    const token = await shop();
    const change = ({ policies, ...rest }: State) => {
      const others = Object.fromEntries(Object.entries(policies).filter(([name]) => name !== 'hearth-role-shop'));
      return { ...rest, policies: others };
    };
    const { code, stdout } = await job('vault-setup', { change });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('removed the policy hearth-role-shop') as unknown }); // prettier-ignore
    expect((await as(token, 'GET', 'secret/data/shop/stripe')).status).toBe(403);
    expect(await job('vault-setup')).toMatchObject({ code: 0 });
    expect((await as(token, 'GET', 'secret/data/shop/stripe')).status).toBe(200);
  });

  describe('a backup', () => {
    const backup = mkdtempSync(join(tmpdir(), 'hearth-openbao-backup-'));
    folders.push(backup);

    const cronContainer = (name: string, of: string): Container => {
      const job = all(objects, 'CronJob').find(({ metadata }) => metadata.name === name);
      if (!job) throw new Error(`no cron job ${name}`);
      return container(job.spec.jobTemplate.spec.template, of);
    };
    const dump = (action: 'save' | 'load', of: VaultNodes, env: Record<string, string | undefined> = {}) => {
      const props = action === 'save' ? cronContainer('vault-backup', 'save') : cronContainer('vault-restore', 'load');
      const folder = filesOf('vault-snapshot', of);
      const args = [join(folder, 'snapshot.mjs'), action, backup, ...of.addresses];
      const environment = { ...environmentOf(props, secret), CA_FILE: of.authorityFile, PATH: process.env.PATH };
      return run(process.execPath, args, { env: { ...environment, ...env } });
    };
    const value = async (path: string) => data(await ask('GET', `secret/data/${path}`)).data as unknown;

    test('brings back what was changed and lost, and removes what came later', async () => {
      expect(await dump('save', nodes)).toMatchObject({ code: 0, stderr: '' });
      await ask('POST', 'secret/data/shop/stripe', { data: { value: 'changed' } });
      await ask('DELETE', 'secret/metadata/elsewhere/x');
      await ask('POST', 'secret/data/later', { data: { value: 'later' } });
      expect(await dump('load', nodes)).toMatchObject({ code: 0, stderr: '' });
      expect(await value('shop/stripe')).toEqual({ value: 'shop/stripe' });
      expect(await value('elsewhere/x')).toEqual({ value: 'elsewhere/x' });
      expect((await ask('GET', 'secret/data/later')).status).toBe(404);
      expect(await job('vault-setup')).toMatchObject({ code: 0 });
    });

    test('one that is damaged is refused, before anything is changed', async () => {
      const damaged = newFolder();
      cpSync(join(backup, 'raft.snap'), join(damaged, 'raft.snap'));
      const bytes = Buffer.alloc(64);
      chmodSync(join(damaged, 'raft.snap'), 0o644);
      writeFileSync(join(damaged, 'raft.snap'), bytes, { flag: 'r+' });
      const folder = filesOf('vault-snapshot', nodes);
      const env = { SECRET_ID: secret('vault-snapshot', 'secretId'), CA_FILE: nodes.authorityFile, PATH: process.env.PATH }; // prettier-ignore
      const result = await run(process.execPath, [join(folder, 'snapshot.mjs'), 'load', damaged, ...nodes.addresses], { env }); // prettier-ignore
      expect(result.code).toBe(1);
      expect(await value('shop/stripe')).toEqual({ value: 'shop/stripe' });
    });

    test('comes back into a storage with other keys, as long as those of then are kept', async () => {
      await withStore(nodesOf(1), async (other, api) => {
        const before = kubernetes.secret['unseal-keys'] ?? '';
        // As after all volumes are lost, and the Secret is not.
        api.secret['unseal-keys'] = before;
        expect(await job('vault-setup', { of: other, api })).toMatchObject({ code: 0 });
        expect(api.secret['unseal-keys']).not.toBe(before);
        expect(api.secret['earlier-unseal-keys']).toBe(before);
        expect(await dump('load', other, { EARLIER_KEYS: undefined })).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('made with other keys') as unknown,
        });
        const loading = dump('load', other);
        const opening = eventually(async () => {
          const { body } = await other.ask(0, 'GET', 'sys/seal-status');
          if (body.sealed) await other.ask(0, 'POST', 'sys/unseal', { key: before });
          expect((await other.ask(0, 'GET', 'secret/data/shop/stripe', undefined, await signIn(undefined, other))).body).toMatchObject({ data: { data: { value: 'shop/stripe' } } }); // prettier-ignore
        }, 60);
        expect(await loading).toMatchObject({ code: 0, stdout: expect.stringContaining('earlier keys') as unknown });
        await opening;
      });
    }, 180_000);
  });

  test('sealed, with the keys in the hands of people: the job says so, and goes on once it is open', async () => {
    const change = (state: State) => ({ ...state, unseal: 'people' });
    await withStore(nodesOf(1), async (other, api) => {
      expect(await job('vault-setup', { of: other, api, change })).toMatchObject({ code: 0 });
      const keys = (api.secret['unseal-keys'] ?? '').split('\n');
      expect(keys).toHaveLength(5);
      // They take them away.
      Reflect.deleteProperty(api.secret, 'unseal-keys');
      await other.stopNode(0);
      await other.startNode(0);
      expect(await job('vault-setup', { of: other, api, change, patience: 4 })).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('Open them with your keys') as unknown,
      });
      const waiting = job('vault-setup', { of: other, api, change });
      for (const key of keys.slice(2)) await other.ask(0, 'POST', 'sys/unseal', { key });
      expect(await waiting).toMatchObject({ code: 0 });
    });
  });

  test('another store opens it: the first start and each one after it need nobody', async () => {
    const address = nodes.addresses[await eventually(() => nodes.leader())] ?? '';
    const transit = { address, key: 'orders', certificateAuthority: nodes.certificate };
    const file = { name: 'other', domain: 'other.hearth-fixture.dev', cluster: 'kubernetes', services: { traefik: {}, vault: { unseal: { transit } } } }; // prettier-ignore
    const made = objectsOf(buildPlatform(parsePlatform(YAML.stringify(file), 'other.yaml')));
    const { 'server.json': text = '', 'unseal-ca.crt': authority = '' } = find(made, 'ConfigMap', 'vault').data;
    const policy = 'path "transit/encrypt/orders" { capabilities = ["update"] }\npath "transit/decrypt/orders" { capabilities = ["update"] }'; // prettier-ignore
    await ask('POST', 'sys/policies/acl/unseal', { policy });
    const token = tokenIn(await ask('POST', 'auth/token/create', { policies: ['unseal'], no_parent: true, period: '24h' })); // prettier-ignore
    const { env } = container(find(made, 'StatefulSet', 'vault').spec.template, 'vault');
    const [variable = ''] = env.filter(({ valueFrom }) => 'secretKeyRef' in (valueFrom ?? {})).map(({ name }) => name);
    const started = nodesOf(1, text, { env: { [variable]: token }, files: { 'unseal-ca.crt': authority } });
    await withStore(started, async (other, api) => {
      const change = (state: State) => ({ ...state, unseal: 'itself' });
      expect(await job('vault-setup', { of: other, api, change })).toMatchObject({ code: 0, stderr: '' });
      expect(Object.keys(api.secret)).toEqual(['recovery-keys']);
      await other.stopNode(0);
      await other.startNode(0);
      await eventually(async () => expect((await other.ask(0, 'GET', 'sys/health')).status).toBe(200));
    });
  });

  test('a job that nobody lets in says what to do', async () => {
    const { code, stderr } = await job('vault-setup', { env: { SETUP_SECRET_ID: 'another one' } });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('put a token of the administrator') as unknown,
    });
  });

  test('the check of the data’s version lets it start again, and refuses another one', async () => {
    const check = container(find(objects, 'StatefulSet', 'vault').spec.template, 'check-data-version');
    const [command = '', ...args] = check.command;
    const volume = newFolder();
    mkdirSync(volume, { recursive: true });
    const env = (version: string) => ({
      ...environmentOf(check, secret),
      VERSION: version,
      KNOWN: version,
      MARK: join(volume, '.hearth-version'),
      PATH: process.env.PATH,
    });
    expect(await run(command, args, { env: env('1') })).toMatchObject({ code: 0 });
    expect(existsSync(join(volume, '.hearth-version'))).toBe(true);
    expect(await run(command, args, { env: env('1') })).toMatchObject({ code: 0 });
    expect(await run(command, args, { env: env('2') })).toMatchObject({ code: 1 });
  });
});
