import { X509Certificate } from 'node:crypto';
import { images } from './images';
import { backedUp } from './backed-up';
import type { BackupTarget } from './backup-target';
import { reachable } from './probe';
import { runNow } from './cron-job';
import { ReachabilityCheck } from './reachability';
import { PublicGateway } from './gateway';
import type { Hearth } from './hearth';
import { eventually, kubectl, kubectlJson, run } from './kubectl';
import { Stopwatch, suite } from './suite';
import type { Workspace } from './workspace';
import { withSlowdown } from '../../support/slowdown';

const namespace = 'secrets-security';
const outside = 'secrets-shop';

/** The services of test/platforms/secrets.yaml, and their programs. */
const stores = {
  openbao: { cli: 'bao', prefix: 'BAO', keys: 'recovery-keys' },
  vault: { cli: 'vault', prefix: 'VAULT', keys: 'unseal-keys' },
} as const;

/** A suite with the store of test/platforms/secrets.yaml, used as its clients use it. */
export function storeSuite(name: keyof typeof stores): void {
  const { cli, prefix, keys } = stores[name];
  const server = `https://${name}.secrets-security.svc:8200`;
  suite(`a store of secrets on a cluster, with ${name}`, () => {
    let workspace: Workspace;
    let target: BackupTarget;
    let hearth: Hearth;
    let gateway: PublicGateway;
    const watch = new Stopwatch();

    beforeAll(async () => {
      ({ target, workspace, hearth } = await backedUp('secrets'));
      workspace.replaceService('openbao', name);
    }, 240_000);

    afterAll(async () => {
      console.log(`${watch}`);
      gateway?.close();
      if (process.env.HEARTH_TEST_KEEP) return;
      // Not what other platforms of the cluster may use as well.
      await hearth.succeed('destroy', 'secrets', '--delete-data', '--confirm', 'secrets');
      await kubectl(['delete', 'namespace', outside, '--ignore-not-found', '--wait=true', '--timeout=60s']);
      await target?.stop();
    }, 300_000);

    /** A script in a pod; what it reads from standard input is on no command line. */
    async function inPod(pod: string, of: string, script: string, input = ''): Promise<string> {
      const args = ['exec', '-i', pod, `--namespace=${of}`, '--', 'sh', '-c', script];
      const { code, stdout, stderr } = await run('kubectl', args, { input });
      if (code !== 0) throw new Error(`${script}: ${stderr}${stdout}`);
      return stdout.trim();
    }

    /** What the command needs to know in a pod of the store. */
    const inStore = `export HOME=/tmp ${prefix}_ADDR=https://localhost:8200 ${prefix}_CACERT=/etc/store/tls/ca.crt; `;

    /** As the administrator, in a pod of the store. */
    async function asAdministrator(script: string): Promise<string> {
      const password = await workspace.secret(namespace, name, 'password');
      const start =
        `read -r password; ${inStore}` +
        `${prefix}_TOKEN=$(printf %s "$password" | ${cli} write -field=token auth/userpass/login/admin password=-) || exit 1; ` +
        `export ${prefix}_TOKEN; `;
      return eventually(async () => inPod(await readyNode(), namespace, start + script, `${password}\n`));
    }

    /** A client with the token of its service account, for the role; the last line is what the script says. */
    const asClient = (pod: string, role: string, script: string, of = outside) =>
      inPod(
        pod,
        of,
        `${prefix}_TOKEN=$(${cli} write -field=token auth/kubernetes/login role=${role} jwt=@/var/run/secrets/store/token) || exit 1; export ${prefix}_TOKEN; ${script}`,
      );

    interface Pods {
      items: {
        metadata: { name: string };
        status: { podIP: string; conditions?: { type: string; status: string }[] };
      }[];
    }
    const nodes = async () =>
      (
        await kubectlJson<Pods>([
          'get',
          'pods',
          `--namespace=${namespace}`,
          `--selector=app.kubernetes.io/instance=${name},!hearth-test/probe`,
        ])
      ).items;

    const isReady = ({ status }: Pods['items'][number]) =>
      status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;

    async function readyNode(): Promise<string> {
      const node = (await nodes()).find(isReady);
      if (!node) throw new Error('no node is ready');
      return node.metadata.name;
    }

    async function allReady(): Promise<void> {
      await kubectl(['rollout', 'status', `statefulset/${name}`, `--namespace=${namespace}`, '--timeout=240s']);
    }

    /** The pod of the node that leads. */
    async function leader(): Promise<string> {
      const address = await asAdministrator(`${cli} read -field=leader_address sys/leader`);
      return /https:\/\/([a-z]+-\d)\./.exec(address)?.[1] ?? address;
    }

    const setUpAgain = () => runNow(`${name}-refresh`, namespace, 240);

    /** A pod outside the platform, with the certificate and a token for the store. */
    async function startClient(pod: string, labels: Record<string, string>, serviceAccount: string): Promise<void> {
      const manifests = [
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: outside } },
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: serviceAccount, namespace: outside } },
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'store', namespace: outside },
          data: { 'ca.crt': await workspace.secret(namespace, `${name}-tls`, 'ca.crt') },
        },
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: pod, namespace: outside, labels },
          spec: {
            serviceAccountName: serviceAccount,
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 0,
            securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000 },
            containers: [
              {
                name: 'client',
                image: images[name],
                command: ['sleep', '86400'],
                env: [
                  { name: `${prefix}_ADDR`, value: server },
                  { name: `${prefix}_CACERT`, value: '/etc/store/ca.crt' },
                  { name: `${prefix}_CLIENT_TIMEOUT`, value: '5s' },
                  { name: `${prefix}_MAX_RETRIES`, value: '0' },
                  { name: 'HOME', value: '/tmp' },
                ],
                volumeMounts: [
                  { name: 'token', mountPath: '/var/run/secrets/store' },
                  { name: 'store', mountPath: '/etc/store' },
                ],
              },
            ],
            volumes: [
              {
                name: 'token',
                projected: {
                  sources: [{ serviceAccountToken: { path: 'token', audience: name, expirationSeconds: 600 } }],
                },
              },
              { name: 'store', configMap: { name: 'store' } },
            ],
          },
        },
      ];
      await kubectl(['apply', '-f', '-'], { input: manifests.map((one) => JSON.stringify(one)).join('\n---\n') });
      await kubectl(['wait', '--for=condition=Ready', `pod/${pod}`, `--namespace=${outside}`, '--timeout=120s']);
    }

    test('up founds one storage on three nodes; nobody holds a root token, and no log or process shows a key', async () => {
      await watch.time('up', hearth.succeed('up', 'secrets'));
      const { data } = await kubectlJson<{ data: Record<string, string> }>([
        'get',
        'secret',
        `${name}-keys`,
        `--namespace=${namespace}`,
      ]);
      expect(Object.keys(data)).toEqual([keys]);
      const key = Buffer.from(data[keys] ?? '', 'base64').toString();
      const peers = await asAdministrator(`${cli} operator raft list-peers -format=json`);
      expect(peers.match(/"node_id": "[a-z]+-\d"/g)?.sort()).toHaveLength(3);
      const secrets = [
        key,
        await workspace.secret(namespace, name, 'password'),
        await workspace.secret(namespace, `${name}-setup`, 'secretId'),
      ];
      const processes = await inPod(
        `${name}-0`,
        namespace,
        'for file in /proc/[0-9]*/cmdline; do tr "\\0" " " < "$file"; echo; done',
      );
      expect(processes).toContain(`${cli} server`);
      const logs = await kubectl([
        'logs',
        `--selector=app.kubernetes.io/name=${name}`,
        `--namespace=${namespace}`,
        '--all-containers',
        '--tail=-1',
      ]);
      expect(logs).toContain('its keys are in the Secret');
      for (const secret of secrets) expect(`${processes}${logs}`).not.toContain(secret);
      await startClient('shop', { app: 'shop' }, 'shop');
      await startClient('stranger', { app: 'stranger' }, 'stranger');
    }, 900_000);

    test('a pod reads its own path with its service account; another path, another account and another role are refused', async () => {
      await asAdministrator(`${cli} kv put secret/shop/stripe key=sk-1 && ${cli} kv put secret/elsewhere key=x`);
      expect(await eventually(() => asClient('shop', 'shop', `${cli} kv get -field=key secret/shop/stripe`))).toBe('sk-1');
      await expect(asClient('shop', 'shop', `${cli} kv get secret/elsewhere`)).rejects.toThrow('permission denied');
      await expect(asClient('shop', 'secrets-data', 'true')).rejects.toThrow('invalid subject');
      // Seen from inside the store, where no policy of the network stands in the way.
      const jwt = (account: string) => kubectl(['create', 'token', account, `--audience=${name}`, `--namespace=${outside}`]);
      const login = async (account: string) =>
        inPod(
          await readyNode(),
          namespace,
          `${inStore}${cli} write -field=token auth/kubernetes/login role=shop jwt=-`,
          (await jwt(account)).trim(),
        );
      expect(await login('shop')).not.toBe('');
      await expect(login('stranger')).rejects.toThrow('invalid subject');
    }, 180_000);

    test('exactly the declared users reach its ports, of the platform and outside', async () => {
      const { workloads } = workspace.platform.graph;
      const servers = workloads.filter((workload) => workload.name === name);
      const check = await ReachabilityCheck.start(workspace.platform, servers);
      try {
        await eventually(async () => expect(await check.open()).toEqual(check.declared()), 120);
      } finally {
        await check.stop();
      }
      const [node] = await nodes();
      const ports = ['8200', '8201'].map((port) => `${node?.status.podIP}:${port}`);
      // No shell of a stranger speaks TCP, but its client does.
      expect(await asClient('shop', 'shop', 'echo reached')).toBe('reached');
      await expect(asClient('stranger', 'shop', 'true')).rejects.toThrow(/deadline exceeded|timeout|refused/i);
      await kubectl([
        'run',
        'elsewhere',
        `--image=${images.busybox}`,
        '--namespace=default',
        '--restart=Never',
        '--command',
        '--',
        'sleep',
        '3600',
      ]);
      await kubectl(['wait', '--for=condition=Ready', 'pod/elsewhere', '--namespace=default', '--timeout=60s']);
      try {
        expect([...(await reachable('elsewhere', 'default', ports))]).toEqual([]);
      } finally {
        await kubectl(['delete', 'pod', 'elsewhere', '--namespace=default', '--grace-period=0', '--force']);
      }
    }, 300_000);

    test('transit encrypts and decrypts with a declared key', async () => {
      const plaintext = Buffer.from('an order').toString('base64');
      const script = `${cli} write -field=plaintext transit/decrypt/orders ciphertext="$(${cli} write -field=ciphertext transit/encrypt/orders plaintext=${plaintext})"`;
      expect(await asClient('shop', 'shop', script)).toBe(plaintext);
    });

    test('a certificate for a name of the platform, signed by its root, which everyone can fetch', async () => {
      const issued = await asClient(
        'shop',
        'shop',
        `${cli} write -field=certificate pki/issue/platform common_name=api.secrets.hearth-fixture.dev`,
      );
      const root = await asAdministrator(`${cli} read -field=certificate pki/cert/ca`);
      expect(new X509Certificate(issued).verify(new X509Certificate(root).publicKey)).toBe(true);
      await expect(asClient('shop', 'shop', `${cli} write pki/issue/platform common_name=www.my-company.org`)).rejects.toThrow(
        'not allowed',
      );
    });

    test('a user of PostgreSQL is made on demand, works, and is gone after its lease', async () => {
      const answer = JSON.parse(await asClient('shop', 'shop', `${cli} read -format=json database/creds/shop`)) as {
        data: { username: string; password: string };
      };
      const { username, password } = answer.data;
      const asUser = (sql: string) =>
        inPod(
          'mng-pg-0',
          'secrets-data',
          `read -r PGPASSWORD; export PGPASSWORD; psql -XAtq -h 127.0.0.1 -U ${username} -d shop -c "${sql}"`,
          `${password}\n`,
        );
      await asUser('CREATE TABLE orders (id int)');
      const superuser = (sql: string) => inPod('mng-pg-0', 'secrets-data', `psql -XAtq -U postgres -d shop -c "${sql}"`);
      expect(await superuser("SELECT tableowner FROM pg_tables WHERE tablename = 'orders'")).toBe('shop');
      const there = `SELECT count(*) FROM pg_roles WHERE rolname = '${username}'`;
      expect(await superuser(there)).toBe('1');
      await watch.time(
        'lease over',
        eventually(async () => expect(await superuser(there)).toBe('0'), 90),
      );
      await expect(asUser('SELECT 1')).rejects.toThrow('password authentication failed');
    }, 180_000);

    test('the leader’s pod is killed: a read succeeds within 15 seconds, and the pod opens its storage by itself', async () => {
      const victim = await leader();
      const token = await asClient('shop', 'shop', `echo "$${prefix}_TOKEN"`);
      const killed = Date.now();
      await kubectl(['delete', 'pod', victim, `--namespace=${namespace}`, '--grace-period=0', '--force', '--wait=false']);
      const { slowdown } = await withSlowdown(() =>
        eventually(
          () =>
            inPod(
              'shop',
              outside,
              `read -r ${prefix}_TOKEN; export ${prefix}_TOKEN; ${cli} kv get -field=key secret/shop/stripe`,
              `${token}
`,
            ),
          60,
        ),
      );
      const seconds = (Date.now() - killed) / 1000;
      console.log(`a read succeeded ${seconds.toFixed(1)} s after the leader was killed`);
      expect(seconds).toBeLessThan(15 * slowdown);
      await watch.time('killed node is open again', allReady());
      expect((await nodes()).filter(isReady)).toHaveLength(3);
    }, 300_000);

    test('all pods are stopped and started: the storage opens by itself', async () => {
      await hearth.succeed('stop', 'secrets');
      await watch.time('start', hearth.succeed('start', 'secrets'));
      expect(await eventually(() => asClient('shop', 'shop', `${cli} kv get -field=key secret/shop/stripe`), 120)).toBe('sk-1');
    }, 600_000);

    test('people come to it through the gateway, which trusts its certificate alone; metrics stay inside', async () => {
      gateway = await PublicGateway.find('secrets-gateway', await workspace.secret('secrets-gateway', 'gateway-tls', 'tls.crt'));
      const address = `https://${name}.secrets.hearth-fixture.dev/v1`;
      await eventually(async () => expect((await gateway.get(`${address}/sys/health?standbyok=true`)).status).toBe(200));
      for (const path of ['sys/metrics', 'sys/generate-root/attempt', 'sys/unseal']) {
        expect([path, (await gateway.get(`${address}/${path}`)).status]).toEqual([path, 404]);
      }
      expect((await gateway.get(`${address}/secret/data/shop/stripe`)).status).toBe(403);
      expect((await gateway.get(`${address}/pki/ca/pem`)).body).toContain('BEGIN CERTIFICATE');
    });

    test('rotate gives the administrator another password', async () => {
      const old = await workspace.secret(namespace, name, 'password');
      await watch.time('rotate', hearth.succeed('credentials', 'secrets', '--rotate', name, '--yes'));
      expect(await workspace.secret(namespace, name, 'password')).not.toBe(old);
      expect(await asAdministrator(`${cli} kv get -field=key secret/shop/stripe`)).toBe('sk-1');
    }, 300_000);

    test('backup and restore bring back exactly what was there', async () => {
      await watch.time('backup', hearth.succeed('backup', 'secrets'));
      await asAdministrator(`${cli} kv put secret/shop/stripe key=sk-2 && ${cli} kv put secret/shop/later key=x`);
      await watch.time('restore', hearth.succeed('restore', 'secrets', '--yes'));
      await allReady();
      expect(await asAdministrator(`${cli} kv get -field=key secret/shop/stripe`)).toBe('sk-1');
      await expect(asClient('shop', 'shop', `${cli} kv get secret/shop/later`)).rejects.toThrow('No value found');
    }, 900_000);

    test('with all volumes lost, a new storage takes the backup, and opens with the keys of then', async () => {
      const claims = [0, 1, 2].map((node) => `data-${name}-${node}`);
      await kubectl(['delete', 'pvc', ...claims, `--namespace=${namespace}`, '--wait=false']);
      await kubectl([
        'delete',
        'pod',
        `--selector=app.kubernetes.io/instance=${name}`,
        `--namespace=${namespace}`,
        '--grace-period=0',
        '--force',
      ]);
      await eventually(async () => {
        const { items } = await kubectlJson<{ items: { metadata: { name: string; deletionTimestamp?: string } }[] }>([
          'get',
          'pvc',
          `--namespace=${namespace}`,
        ]);
        expect(items.filter(({ metadata }) => metadata.deletionTimestamp)).toEqual([]);
      }, 120);
      await watch.time('founded anew', setUpAgain());
      await allReady();
      await watch.time('restore of a new storage', hearth.succeed('restore', 'secrets', '--yes'));
      await allReady();
      await eventually(
        async () => expect(await asAdministrator(`${cli} kv get -field=key secret/shop/stripe`)).toBe('sk-1'),
        240,
      );
      await setUpAgain();
      expect((await hearth.attempt('status', 'secrets')).code).toBe(0);
    }, 1_200_000);
  });
}
