import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectsOf, platformNamed } from '../api/support/platforms';
import { Background, eventually, findProgram, freePort, run, suiteWith } from '../api/support/programs';
import { container, find } from '../support/objects';

const suite = suiteWith('test/config/valkey', {
  'valkey-server, valkey-cli and valkey-check-rdb on PATH (Debian: valkey-server valkey-tools)':
    findProgram('valkey-server') && findProgram('valkey-cli') && findProgram('valkey-check-rdb'),
});

/** What the manifests of the fixture valkey give to Valkey, with the real program. */
suite('Valkey as the manifests start it', () => {
  const objects = objectsOf(platformNamed('valkey'));
  const password = 'a-password-of-the-test';
  let folder: string;
  const servers: Background[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hearth-valkey-'));
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop('SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  });

  const environment = (more: Readonly<Record<string, string>> = {}) => ({
    PATH: process.env.PATH,
    HOME: folder,
    REDISCLI_AUTH: password,
    ...more,
  });
  const cli = async (port: number, ...args: string[]) => {
    const { code, stdout, stderr } = await run('valkey-cli', ['-e', '-p', String(port), ...args], {
      env: environment(),
    });
    if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}${stdout}`);
    return stdout.trim();
  };

  interface Place {
    /** The node it runs on. @default n1 */
    readonly zone?: string;
    /** Its host, as the others know it. @default none */
    readonly host?: string;
    /** @default a free one */
    readonly port?: number;
  }

  /** Starts a server by the command of a stateful set, with its file, and in a folder of its own. @returns its port */
  async function start(of: string, node: string, { zone = 'n1', host, port: given }: Place = {}): Promise<number> {
    const [port, data] = [given ?? (await freePort()), join(folder, node)];
    mkdirSync(data, { recursive: true });
    const conf = find(objects, 'ConfigMap', of).data['valkey.conf'] ?? '';
    const own = conf.replace('port 6379', `port ${port}`).replace('dir /data', `dir ${data}`);
    // Here all have one address and no names.
    const here = own.replace('cluster-preferred-endpoint-type hostname', 'cluster-preferred-endpoint-type ip');
    writeFileSync(join(data, 'valkey.conf'), here.replace(/cluster-node-timeout \d+/, 'cluster-node-timeout 2000'));
    const [shell = '', flag = '', script = ''] = container(find(objects, 'StatefulSet', of).spec.template, of).command;
    const command = script
      .replace('/etc/valkey/valkey.conf', join(data, 'valkey.conf'))
      .replace(/^cluster-announce-hostname .*\n/m, host ? `cluster-announce-hostname ${host}\n` : '');
    const env = environment({ POD_IP: '127.0.0.1', POD_NAME: node, NODE_NAME: zone });
    const server = new Background(shell, [flag, command], { env, cwd: data });
    servers.push(server);
    await server.until(async () => expect(await cli(port, 'PING')).toBe('PONG'));
    return port;
  }

  /** Runs the job that makes and mends the cluster, on the nodes at some ports. */
  function joinNodes(ports: readonly number[], shards: number, replicas: number) {
    const script = find(objects, 'ConfigMap', 'valkey-cluster-join').data['join.sh'] ?? '';
    const nodes = ports.map((port) => `127.0.0.1:${port}`).join(' ');
    const env = { NODES: nodes, SHARDS: String(shards), REPLICAS: String(replicas), PATIENCE: '5' };
    return run('sh', ['-c', script], { env: environment(env) });
  }

  /** How many replicas the server at a port has. */
  async function replicas(port: number): Promise<number> {
    return Number(/connected_slaves:(\d+)/.exec(await cli(port, 'INFO', 'replication'))?.[1]);
  }

  /** A key whose slot the server at a port owns. */
  async function keyIn(port: number): Promise<string> {
    for (let n = 0; ; n++)
      if (!/MOVED/.test((await run('valkey-cli', ['-p', String(port), 'GET', `k${n}`], { env: environment() })).stdout))
        return `k${n}`;
  }

  /** Runs a script of a backup job against a server, with its folders here. */
  async function job(name: string, containerName: string, port: number, backup: string) {
    const { template } = find(objects, 'CronJob', name).spec.jobTemplate.spec;
    const load = mkdtempSync(join(folder, 'load-'));
    const spare = await freePort();
    const script = container(template, containerName)
      .command.at(-1)
      ?.replaceAll('/backup', backup)
      .replaceAll('/load', load)
      .replaceAll('6380', String(spare));
    const env = environment({ SERVER: '127.0.0.1', PORT: String(port) });
    return run('sh', ['-c', script ?? 'false'], { env });
  }

  const digest = `#!lua flags=allow-cross-slot-keys
local r = {}
for _, k in ipairs(redis.call('KEYS', '*')) do r[#r + 1] = k .. ' ' .. redis.sha1hex(redis.call('DUMP', k)) .. redis.call('PEXPIRETIME', k) end
table.sort(r)
return r`;

  test('mng-valkey takes every line of its file, asks for the password, and its keys come back from a backup', async () => {
    const port = await start('mng-valkey', 'one');
    const conf = readFileSync(join(folder, 'one/valkey.conf'), 'utf8').trim().split('\n');
    for (const line of conf.filter((line) => !/^(bind|save) /.test(line))) {
      const [name = '', value = ''] = line.split(' ');
      expect(await cli(port, 'CONFIG', 'GET', name)).toBe(`${name}\n${value}`);
    }
    const stranger = await run('valkey-cli', ['-p', String(port), 'PING'], { env: { PATH: process.env.PATH } });
    expect(stranger.stdout).toContain('NOAUTH');
    await cli(port, 'SET', 'with space\n', 'value\r\n');
    await cli(port, 'SET', 'brief', '1', 'EX', '86400');
    await cli(port, '-n', '3', 'SET', 'elsewhere', '1');
    await cli(port, 'FUNCTION', 'LOAD', "#!lua name=lib\nredis.register_function('f', function() return 7 end)");
    const before = await cli(port, 'EVAL', digest, '0');
    const backup = mkdtempSync(join(folder, 'backup-'));
    expect(await job('mng-valkey-backup', 'save', port, backup)).toMatchObject({ code: 0 });
    await cli(port, 'FLUSHALL');
    await cli(port, 'FUNCTION', 'FLUSH');
    await cli(port, 'SET', 'after', '1');
    const { code, stdout, stderr } = await job('mng-valkey-restore', 'load', port, backup);
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: 'restored 3 keys\n' });
    expect(await cli(port, 'EVAL', digest, '0')).toBe(before);
    expect([await cli(port, '-n', '3', 'GET', 'elsewhere'), await cli(port, 'FCALL', 'f', '0')]).toEqual(['1', '7']);
    // A file that is cut off is refused, and the keys stay.
    const broken = mkdtempSync(join(folder, 'backup-'));
    writeFileSync(join(broken, 'keys.rdb'), readFileSync(join(backup, 'keys.rdb')).subarray(0, 40));
    expect((await job('mng-valkey-restore', 'load', port, broken)).code).not.toBe(0);
    expect(await cli(port, 'EVAL', digest, '0')).toBe(before);
  });

  test('a node that is left out with keys is not forgotten: the job refuses, and says what to write', async () => {
    const hosts = ['127.0.0.1', '127.0.0.1', '127.0.0.1', 'left-out'];
    const ports: number[] = [];
    for (const [n, host] of hosts.entries()) ports.push(await start('valkey-cluster', `shard-${n}`, { host }));
    expect(await joinNodes(ports, 4, 0)).toMatchObject({ code: 0, stderr: '' });
    const [first = 0, , , last = 0] = ports;
    const slots = async () => /^(\S+) \S*,left-out \S*master.* (\d+-\d+)$/m.exec(await cli(first, 'CLUSTER', 'NODES'))?.slice(1);
    const before = await slots();
    expect(before).toHaveLength(2);
    const key = await keyIn(last);
    await cli(last, 'SET', key, 'kept');
    await servers.at(-1)?.stop('SIGKILL');
    await eventually(async () => expect(await cli(first, 'CLUSTER', 'NODES')).toMatch(/left-out master,fail /), 30);
    const { code, stderr } = await joinNodes(ports.slice(0, 3), 3, 0);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('left-out has keys that nobody else has') as unknown,
    });
    expect(await slots()).toEqual(before);
    await start('valkey-cluster', 'shard-3', { host: 'left-out', port: last });
    expect(await joinNodes(ports, 4, 0)).toMatchObject({ code: 0, stderr: '' });
    expect(await cli(last, 'GET', key)).toBe('kept');
  });

  test('six nodes become a cluster, each replica beside another master; again changes nothing; its keys come back', async () => {
    const ports: number[] = [];
    for (let node = 0; node < 6; node++)
      ports.push(await start('valkey-cluster', `node-${node}`, { zone: `n${(node % 3) + 1}` }));
    const joined = () => joinNodes(ports, 3, 1);
    const first = await joined();
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const roles = first.stdout
      .trim()
      .split('\n')
      .slice(-6)
      .map((line) => line.split(' '));
    expect(
      roles
        .filter(([, role]) => role === 'master')
        .map((line) => line.at(-1))
        .sort(),
    ).toEqual(['n1', 'n2', 'n3']);
    const again = await joined();
    expect(again.stdout.trim().split('\n')).toHaveLength(6);
    // A replica changes sides, so that one master has two and another none, and comes beside its own master.
    const table = again.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    const portOf = (line: string[] = []) => Number(line[0]?.split(':')[1]);
    const replica = table.find(([, role]) => role === 'slave');
    const beside = table.find((line) => line[1] === 'master' && line.at(-1) === replica?.at(-1));
    const id = await cli(portOf(beside), 'CLUSTER', 'MYID');
    await cli(portOf(replica), 'CLUSTER', 'REPLICATE', id);
    await eventually(async () => expect(await replicas(portOf(beside))).toBe(2), 30);
    const mended = await joined();
    expect(mended).toMatchObject({ code: 0, stderr: '' });
    expect(mended.stdout).toContain('becomes a replica of');
    const zones = new Map(table.map((line) => [portOf(line), line.at(-1)]));
    for (const [port, zone] of zones) {
      const [role, , masterPort] = (await cli(port, 'ROLE')).split('\n');
      if (role === 'master') expect(await replicas(port)).toBe(1);
      else expect(zones.get(Number(masterPort))).not.toBe(zone);
    }
    const last = await joined();
    expect(last.stdout.trim().split('\n')).toHaveLength(6);
    const [entrance = 0] = ports;
    const input = Array.from({ length: 200 }, (_, n) => `SET key:${n} ${n}\n`).join('');
    await run('valkey-cli', ['-c', '-p', String(entrance)], { env: environment(), input });
    const masters = ports.filter((_, i) => roles[i]?.[1] === 'master');
    const content = async () => (await Promise.all(masters.map((port) => cli(port, 'EVAL', digest, '0')))).join('\n');
    const before = await content();
    expect(before.split('\n')).toHaveLength(200);
    const backup = mkdtempSync(join(folder, 'backup-'));
    expect(await job('valkey-cluster-backup', 'save', entrance, backup)).toMatchObject({ code: 0 });
    for (const port of masters) await cli(port, 'FLUSHALL');
    const { code, stdout, stderr } = await job('valkey-cluster-restore', 'load', entrance, backup);
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: 'restored 200 keys\n' });
    expect(await content()).toBe(before);
  }, 240_000);
});
