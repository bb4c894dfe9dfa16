import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectsOf, platformNamed } from '../api/support/platforms';
import { Background, findProgram, freePort, run, suiteWith } from '../api/support/programs';
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

  /** Starts a server by the command of a stateful set, with its file, at a free port and in a folder of its own. @param zone the node it runs on */
  async function start(of: string, node: string, zone = 'n1'): Promise<number> {
    const [port, data] = [await freePort(), join(folder, node)];
    mkdirSync(data);
    const conf = find(objects, 'ConfigMap', of).data['valkey.conf'] ?? '';
    const own = conf.replace('port 6379', `port ${port}`).replace('dir /data', `dir ${data}`);
    // Here all have one address and no names.
    const here = own.replace('cluster-preferred-endpoint-type hostname', 'cluster-preferred-endpoint-type ip');
    writeFileSync(join(data, 'valkey.conf'), here.replace(/cluster-node-timeout \d+/, 'cluster-node-timeout 2000'));
    const [shell = '', flag = '', script = ''] = container(find(objects, 'StatefulSet', of).spec.template, of).command;
    const command = script
      .replace('/etc/valkey/valkey.conf', join(data, 'valkey.conf'))
      .replace(/^cluster-announce-hostname .*\n/m, '');
    const env = environment({ POD_IP: '127.0.0.1', POD_NAME: node, NODE_NAME: zone });
    const server = new Background(shell, [flag, command], { env, cwd: data });
    servers.push(server);
    await server.until(async () => expect(await cli(port, 'PING')).toBe('PONG'));
    return port;
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
  }, 120_000);

  test('six nodes become a cluster, each replica beside another master; again changes nothing; its keys come back', async () => {
    const ports: number[] = [];
    for (let node = 0; node < 6; node++)
      ports.push(await start('valkey-cluster', `node-${node}`, `n${(node % 3) + 1}`));
    const script = find(objects, 'ConfigMap', 'valkey-cluster-join').data['join.sh'] ?? '';
    const joined = () =>
      run('sh', ['-c', script], {
        env: environment({
          NODES: ports.map((port) => `127.0.0.1:${port}`).join(' '),
          SHARDS: '3',
          REPLICAS: '1',
          PATIENCE: '5',
        }),
      });
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
