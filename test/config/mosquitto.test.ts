import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOf, environmentOf } from '../api/support/container';
import { Background, findProgram, freePort, run, suiteWith } from '../api/support/programs';
import { consumer, withBroker } from '../support/mqtt';
import { container, find, objectsOf } from '../support/objects';

const [broker, passwd, pub, sub] = [
  findProgram('mosquitto', ['/usr/local/sbin', '/usr/sbin']),
  findProgram('mosquitto_passwd'),
  findProgram('mosquitto_pub'),
  findProgram('mosquitto_sub'),
];

suiteWith('test/config/mosquitto', {
  'mosquitto, mosquitto_passwd, mosquitto_pub and mosquitto_sub (Debian: mosquitto mosquitto-clients)':
    broker && passwd && pub && sub,
})('Mosquitto as the manifests start it', () => {
  const sensors = { publish: ['lab/+/state'], subscribe: ['lab/+/set'] };
  const platform = withBroker(
    { shop: consumer('shop') },
    { users: { sensors, board: { subscribe: ['lab/#'] } }, messageSize: 2000 },
  );
  const objects = objectsOf(platform);
  const { template } = find(objects, 'StatefulSet', 'mosquitto').spec;
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const passwordOf = (user: string) => `password-of-${user}`;
  const secret = (name: string, key: string) => {
    const user = name.replace('mosquitto-', '');
    return key === 'username' ? user : passwordOf(user);
  };
  let folder: string;
  let server: Background;
  const ports = { mqtt: 0, websocket: 0 };

  /** Paths of the containers, here. */
  const here = (text: string) =>
    text
      .replaceAll('/etc/mosquitto', join(folder, 'etc'))
      .replaceAll('/run/mosquitto', join(folder, 'run'))
      .replaceAll('/mosquitto/data', join(folder, 'data'));

  /** Runs a container of the pod to its end, as the user of a pod: nobody in particular. */
  const runContainer = (made: ReturnType<typeof container>) => {
    const env = environmentOf(made, secret);
    const [command = '', ...args] = commandOf(made, env).map(here);
    return run(command, args, { env: { PATH: process.env.PATH, ...env }, ...nobody });
  };

  const start = async () => {
    const [, ...args] = container(template, 'mosquitto').command.map(here);
    server = new Background(broker ?? '', args, { ...nobody });
    await server.until(async () => expect((await client(sub, 'board', '-E', '-t', 'lab/up')).code).toBe(0));
  };

  /** A client that gives a name and its password, in MQTT 5, which tells a publisher that it is refused. */
  const client = (program: string | undefined, user: string, ...args: string[]) =>
    run(program ?? '', ['-V', '5', '-p', String(ports.mqtt), '-u', user, '-P', passwordOf(user), ...args]);
  const publish = (user: string, topic: string, message: string) =>
    client(pub, user, '-q', '1', '-r', '-t', topic, '-m', message);
  /** What a user reads of the messages that are kept: topic → message. */
  const read = async (user: string, filter: string) => {
    const { stdout } = await client(sub, user, '-t', filter, '-v', '-W', '2');
    return Object.fromEntries(stdout.split('\n').flatMap((line) => (line ? [line.split(' ')] : [])));
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hearth-mosquitto-'));
    chmodSync(folder, 0o755);
    for (const part of ['etc', 'run', 'data']) {
      mkdirSync(join(folder, part));
      if (nobody.uid && part !== 'etc') chownSync(join(folder, part), nobody.uid, nobody.gid);
    }
    [ports.mqtt, ports.websocket] = [await freePort(), await freePort()];
    const files = find(objects, 'ConfigMap', 'mosquitto').data;
    const config = here(files['mosquitto.conf'] ?? '')
      .replace('listener 1883', `listener ${ports.mqtt} 127.0.0.1`)
      .replace('listener 9001', `listener ${ports.websocket} 127.0.0.1`);
    writeFileSync(join(folder, 'etc/mosquitto.conf'), config);
    writeFileSync(join(folder, 'etc/topics'), files.topics ?? '');
    expect(await runContainer(container(template, 'users'))).toMatchObject({ code: 0, stderr: '' });
    await start();
  });

  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('it takes every line of its files, without a warning, and not a wrong one', async () => {
    expect(server.log).toContain('running');
    expect(server.log.split('\n').filter((line) => /warning|error|unknown|deprecat/i.test(line))).toEqual([]);
    const wrong = join(folder, 'wrong.conf');
    writeFileSync(wrong, readFileSync(join(folder, 'etc/mosquitto.conf'), 'utf8').replace('max_queued', 'max_queue'));
    expect((await run(broker ?? '', ['-c', wrong], nobody)).code).not.toBe(0);
  });

  test('its files of users and topics are its own, and no password stands there', () => {
    const users = readFileSync(join(folder, 'run/users'), 'utf8').trim().split('\n');
    expect(users.map((line) => line.replace(/:\$7\$\d+\$[\w+/=]+\$[\w+/=]+$/, ''))).toEqual(['sensors', 'board', 'shop']);
    for (const name of ['users', 'topics']) expect(statSync(join(folder, 'run', name)).mode & 0o777).toBe(0o600);
  });

  test('without a user the container that makes them ends well, too', async () => {
    const alone = container(find(objectsOf(withBroker({})), 'StatefulSet', 'mosquitto').spec.template, 'users');
    const kept = readFileSync(join(folder, 'run/users'));
    expect(await runContainer(alone)).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(folder, 'run/users'), 'utf8')).toBe('');
    writeFileSync(join(folder, 'run/users'), kept);
    expect((await runContainer(container(template, 'users'))).code).toBe(0);
  });

  test('a user publishes to its topics, and is told where it may not', async () => {
    expect(await publish('sensors', 'lab/1/state', 'warm')).toMatchObject({ code: 0, stderr: '' });
    const refused = await publish('sensors', 'lab/1/set', 'off');
    expect(refused.stderr + refused.stdout).toContain('Not authorized');
    expect((await publish('board', 'lab/1/state', 'cold')).stderr).toContain('Not authorized');
    expect(await read('board', '#')).toEqual({ 'lab/1/state': 'warm' });
  });

  test('a user reads its topics, and nothing of the others', async () => {
    expect(await read('sensors', '#')).toEqual({});
    expect(await publish('shop', 'shop/orders', 'one')).toMatchObject({ code: 0, stderr: '' });
    expect(await read('shop', '#')).toEqual({ 'shop/orders': 'one' });
    expect(await read('board', 'shop/#')).toEqual({});
  });

  test('nobody comes in without a name, with a wrong password, or under a name that nobody asked for', async () => {
    const asks = (...who: string[]) => run(sub ?? '', ['-p', String(ports.mqtt), '-E', '-t', 'x', ...who]);
    const answers = await Promise.all([asks(), asks('-u', 'board', '-P', 'guess'), asks('-u', 'root', '-P', 'guess')]);
    for (const { code, stderr, stdout } of answers) {
      expect(code).not.toBe(0);
      expect(stderr + stdout).toMatch(/not authori[sz]ed/i);
    }
  });

  test('the WebSocket is for those with a name and a password, too', async () => {
    expect(await connack(ports.websocket, connectPacket('board', passwordOf('board')))).toEqual([0x20, 2, 0, 0]);
    expect(await connack(ports.websocket, connectPacket('board', 'guess'))).toEqual([0x20, 2, 0, 5]);
    expect(await connack(ports.websocket, connectPacket())).toEqual([0x20, 2, 0, 5]);
  });

  test('a message above the limit is refused', async () => {
    await publish('sensors', 'lab/2/state', 'x'.repeat(3000));
    expect(await read('board', 'lab/2/#')).toEqual({});
  });

  test('who waits for it is let through once its password holds', async () => {
    const wait = container(find(objects, 'Deployment', 'shop').spec.template, 'wait-for-mosquitto');
    const [command = '', ...args] = wait.command.map((text) => text.replaceAll('/tmp/', `${folder}/run/`));
    const waits = (password: string) => {
      const env = environmentOf(wait, () => password);
      const OPTIONS = env.OPTIONS?.replace(/-h .*/, '-h 127.0.0.1').replace('-p 1883', `-p ${ports.mqtt}`);
      return new Background(command, args, {
        env: { PATH: process.env.PATH, ...env, OPTIONS, XDG_CONFIG_HOME: join(folder, 'run') },
      });
    };
    expect(await waits(passwordOf('shop')).ended).toBe(0);
    const refused = waits('guess');
    await refused.until(async () => expect(refused.log).toMatch(/not authori[sz]ed/i));
    expect(refused.code).toBeUndefined();
    await refused.stop('SIGKILL');
  });

  test('what was kept is there after a stop and a start', async () => {
    await publish('sensors', 'lab/3/state', 'kept');
    await server.stop();
    await start();
    expect(await read('board', 'lab/3/#')).toEqual({ 'lab/3/state': 'kept' });
  });
});

const text = (value: string) => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);

/** CONNECT of MQTT 3.1.1: http://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html#_Toc398718028 */
function connectPacket(user?: string, password?: string): Buffer {
  const named = user !== undefined && password !== undefined;
  const flags = named ? 0xc2 : 0x02;
  const header = Buffer.concat([text('MQTT'), Buffer.from([4, flags, 0, 60])]);
  const body = Buffer.concat([header, text('websocket'), ...(named ? [text(user), text(password)] : [])]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

/** Sends a packet by a WebSocket. @returns the bytes of the packet that comes back */
function connack(port: number, packet: Buffer): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const opening = request({
      port,
      host: '127.0.0.1',
      path: '/',
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
        'sec-websocket-protocol': 'mqtt',
      },
    });
    opening.on('error', reject);
    opening.on('response', ({ statusCode }) => reject(new Error(`no WebSocket: ${statusCode}`)));
    opening.on('upgrade', (_, socket) => {
      // One frame in each direction: https://datatracker.ietf.org/doc/html/rfc6455#section-5.2
      socket.once('data', (frame: Buffer) => {
        resolve([...frame.subarray(2, 2 + (frame[1] ?? 0))]);
        socket.destroy();
      });
      socket.on('error', reject);
      const mask = Buffer.from([1, 2, 3, 4]);
      const masked = packet.map((byte, i) => byte ^ (mask[i % 4] ?? 0));
      socket.write(Buffer.concat([Buffer.from([0x82, 0x80 | packet.length]), mask, masked]));
    });
    opening.end();
  });
}
