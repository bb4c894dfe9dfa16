import bcrypt from 'bcryptjs';
import { idOf } from '../../cli/credentials/store';
import { finishRotations } from '../../cli/credentials/taking-over';
import { catalogue as shipped } from '../../lib/catalogue';
import { loadPlatform } from '../../lib/config/load';
import { buildPlatform } from '../../lib/build-platform';
import { join } from 'node:path';
import type { MemoryCluster } from './memory-cluster';
import { catalogue, credentials, endJob, pending, restarted, runningCluster } from './rotating-platform';
import { pod, workloadOf } from './running-platform';
import { hearthFolder, platform } from './world';

const owner = 'home-tooling/app';
const copy = 'home-ai/app';
const rotate = (memory: MemoryCluster, name: string, ...options: string[]) =>
  credentials(memory, ['--rotate', name, '--yes', ...options]);
const jobs = ({ written }: MemoryCluster) => written.filter(({ verb }) => verb === 'create').map(({ body }) => body);

test('by job: new values in all Secrets, a new run of the job, a restart of those that read them', async () => {
  const memory = await runningCluster();
  const { secrets } = memory;
  const others = [...secrets.secrets].filter(([id]) => !id.endsWith('/app'));
  const old = secrets.text(owner, 'password');
  const seen: string[] = [];
  const { after } = memory;
  memory.after = (change) => {
    seen.push(`${change.verb} ${change.ref.kind}`);
    expect(pending(secrets)).toEqual([owner]);
    expect(secrets.text(copy, 'password')).not.toBe(old);
    after(change);
  };
  const { code, out, err } = await rotate(memory, 'app');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain(`${memory.title}\nRotation of home-tooling/app:`);
  expect(out).toContain('new values of password in home-tooling/app, home-ai/app');
  expect(out).toContain('runs home-tooling/server-users once more');
  expect(out).toContain('restarts Deployment home-ai/reader\n');
  const value = secrets.text(owner, 'password');
  expect(value).toMatch(/^[A-Za-z0-9]{20}$/);
  expect(value).not.toBe(old);
  expect(secrets.text(copy, 'password')).toBe(value);
  expect(secrets.text(owner, 'username')).toBe('app');
  for (const text of [old, value]) expect(out).not.toContain(text);
  expect(seen).toEqual(['create Job', 'patch Deployment']);
  expect(restarted(memory)).toEqual(['Deployment home-ai/reader']);
  expect(pending(secrets)).toEqual([]);
  expect([...secrets.secrets].filter(([id]) => !id.endsWith('/app'))).toEqual(others);
});

test('the run is a Job of its own, which network policies know by the labels of its pods', async () => {
  const memory = await runningCluster();
  await rotate(memory, 'app');
  const labels = { 'app.kubernetes.io/name': 'rustdesk', 'app.kubernetes.io/instance': 'server-users' };
  expect(jobs(memory)).toEqual([
    expect.objectContaining({
      kind: 'Job',
      metadata: {
        namespace: 'home-tooling',
        name: expect.stringMatching(/^server-users-rotation-[0-9a-f]{6}$/) as unknown,
        labels: expect.objectContaining({ 'hearth/run': 'rotation' }) as unknown,
      },
      spec: expect.objectContaining({
        ttlSecondsAfterFinished: expect.any(Number) as unknown,
        template: expect.objectContaining({
          metadata: expect.objectContaining({ labels: expect.objectContaining(labels) as unknown }) as unknown,
        }) as unknown,
      }),
    }),
  ]);
});

test('by command: the input goes to a running pod, and what is made of the value is made anew', async () => {
  const memory = await runningCluster();
  const { secrets } = memory;
  const asked: unknown[] = [];
  memory.answer = (inside, command, input) => {
    asked.push({ inside, command, input });
    return { code: 0, stdout: '', stderr: '' };
  };
  const { code, out } = await rotate(memory, 'root');
  expect(code).toBe(0);
  expect(out).toContain('makes them known by a command in home-tooling/server');
  const value = secrets.text('home-tooling/root', 'password');
  const inside = { namespace: 'home-tooling', pod: 'server-0', container: 'rustdesk' };
  expect(asked).toEqual([{ inside, command: ['sh', '-c', 'learn'], input: `root=${value}` }]);
  const hash = secrets.text('home-tooling/root', 'users').split(':')[1] ?? '';
  expect(await bcrypt.compare(value, hash)).toBe(true);
  expect(restarted(memory)).toEqual(['StatefulSet home-tooling/server']);
  expect(jobs(memory)).toEqual([]);
});

test('by restart: the keys that it names, and neither jobs nor cron jobs are restarted', async () => {
  const memory = await runningCluster();
  const before = memory.secrets.secrets.get('home-tooling/token');
  expect((await rotate(memory, 'token')).code).toBe(0);
  const now = memory.secrets.secrets.get('home-tooling/token');
  expect(now?.id).toBe(before?.id);
  expect(now?.secret).not.toBe(before?.secret);
  expect(memory.secrets.secrets.get('home-ai/token')).toEqual({ secret: now?.secret });
  expect(restarted(memory)).toEqual(['Deployment home-ai/caller']);
});

test('what is read without a restart needs none', async () => {
  const memory = await runningCluster();
  const certificate = memory.secrets.text('home-gateway/gateway-tls', 'tls.crt');
  const { code, out } = await rotate(memory, 'gateway-tls');
  expect(code).toBe(0);
  expect(out).toContain('restarts nothing');
  expect(memory.secrets.text('home-gateway/gateway-tls', 'tls.crt')).not.toBe(certificate);
  expect(memory.written).toEqual([]);
});

test('what is scaled to zero, or not there, is left alone', async () => {
  const memory = await runningCluster();
  const reader = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'home-ai', name: 'reader' };
  await memory.patch(reader, { spec: { replicas: 0 } });
  await memory.delete({ ...reader, name: 'caller' });
  memory.written.length = 0;
  expect((await rotate(memory, 'app')).code).toBe(0);
  expect((await rotate(memory, 'token')).code).toBe(0);
  expect(restarted(memory)).toEqual([]);
});

describe('the shipped components', () => {
  test.each([
    ['postgis-mlflow', ['password'], ['postgis-databases'], ['Deployment home-ai/mlflow']],
    ['postgis-gis', ['password'], ['postgis-databases'], []],
    ['minio-mlflow', ['secretAccessKey'], ['minio-buckets'], ['Deployment home-ai/mlflow']],
    ['postgis', ['password'], [], ['StatefulSet home-data/postgis']],
    ['gateway-basic-auth', ['password', 'users'], [], []],
  ])('%s: new %j, runs %j, restarts %j', async (name, keys, runs, restarts) => {
    const memory = await runningCluster(shipped);
    const { secrets } = memory;
    const before = new Map(secrets.secrets);
    const { code, err } = await credentials(memory, ['--rotate', name, '--yes'], { catalogue: shipped });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const changed = [...secrets.secrets].flatMap(([id, data]) =>
      Object.keys(data).flatMap((key) => (data[key] === before.get(id)?.[key] ? [] : [`${id} ${key}`])),
    );
    const holders = platform()
      .graph.credentials.filter((credential) => credential.name === name)
      .flatMap((credential) => credential.secrets);
    expect(changed.sort()).toEqual(
      holders.flatMap((place) => keys.filter((key) => place.keys.includes(key)).map((key) => `${idOf(place)} ${key}`)).sort(),
    );
    const made = memory.written.filter(({ verb }) => verb === 'create').map(({ ref }) => ref.name.split('-rotation-')[0]);
    expect([made, restarted(memory)]).toEqual([runs, restarts]);
  });

  test('the servers of MinIO restart at once, since they know each other by their keys', async () => {
    const memory = await runningCluster(shipped);
    const servers = ['minio-0', 'minio-1'];
    const minio = workloadOf(platform(), 'minio');
    for (const name of servers) memory.put(pod(minio, name));
    const { code, out } = await credentials(memory, ['--rotate', 'minio', '--yes'], { catalogue: shipped });
    expect(code).toBe(0);
    expect(out).toContain('restarts StatefulSet home-data/minio, all pods at once\n');
    expect(out).not.toContain('not ready');
    const { written } = memory;
    const after = written.findIndex(({ verb, ref }) => verb === 'patch' && ref.name === 'minio');
    expect(written.slice(after + 1).map(({ verb, ref }) => `${verb} ${ref.kind} ${ref.name}`)).toEqual(
      servers.map((name) => `delete Pod ${name}`),
    );
  });

  test('the key pair of RustDesk cannot change', async () => {
    const memory = await runningCluster(shipped);
    const { code, err } = await credentials(memory, ['--rotate', 'rustdesk', '--yes'], { catalogue: shipped });
    expect(code).toBe(1);
    expect(err).toContain('home-tooling/data-hbbs-0');
  });
});

describe('an interruption', () => {
  const stop = () => {
    throw new Error('interrupted');
  };

  /** Lets the rotation of `app` break off, and finishes it by another run. */
  async function mended(breakOff: (memory: MemoryCluster) => void, ...options: string[]) {
    const memory = await runningCluster();
    const { secrets, after } = memory;
    const old = secrets.text(owner, 'password');
    breakOff(memory);
    await expect(rotate(memory, 'app')).rejects.toThrow('interrupted');
    const value = secrets.text(owner, 'password');
    expect(value).not.toBe(old);
    expect(pending(secrets)).toEqual([owner]);
    Object.assign(memory, { after });
    secrets.after = () => undefined;
    memory.written.length = 0;
    const { code, out, err } = await credentials(memory, options);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('goes on with the rotation of app');
    expect([secrets.text(owner, 'password'), secrets.text(copy, 'password')]).toEqual([value, value]);
    expect(pending(secrets)).toEqual([]);
    expect(jobs(memory)).toHaveLength(1);
    expect(restarted(memory)).toEqual(['Deployment home-ai/reader']);
    return out;
  }

  const points: [string, (memory: MemoryCluster) => void][] = [
    ['between the Secrets', ({ secrets }) => void (secrets.after = (id) => id === owner && stop())],
    ['after the Secrets', ({ secrets }) => void (secrets.after = (id) => id === copy && stop())],
    ['after the job was made', (memory) => void (memory.after = stop)],
    [
      'after the restart',
      (memory) => {
        const { after } = memory;
        memory.after = (change) => (change.verb === 'patch' ? stop() : after(change));
      },
    ],
  ];

  test.each(points)('%s is mended by a plain run', async (_, breakOff) => {
    await mended(breakOff);
  });

  test.each(points)('%s is mended by the same rotation, which makes no other values', async (_, breakOff) => {
    const out = await mended(breakOff, '--rotate', 'app', '--yes');
    expect(out).toContain('is finished now');
  });

  test('is mended by the rotation of another credential, before it begins', async () => {
    await mended((memory) => void (memory.after = stop), '--rotate', 'gateway-tls', '--yes');
  });

  test('is named by --show, which changes nothing and prints the new values', async () => {
    const memory = await runningCluster();
    memory.after = stop;
    await expect(rotate(memory, 'app')).rejects.toThrow('interrupted');
    memory.written.length = 0;
    const { code, out, err } = await credentials(memory, ['--show']);
    expect(code).toBe(0);
    expect(err).toContain('the rotation of app is not finished: npx hearth credentials home goes on with it');
    expect(out).toContain(`${owner}\tpassword\t${memory.secrets.text(owner, 'password')}`);
    expect(memory.written).toEqual([]);
    expect(pending(memory.secrets)).toEqual([owner]);
  });

  test('of several: the server learns its own password before the job uses it, readers restart last', async () => {
    const memory = await runningCluster();
    for (const id of [owner, 'home-tooling/root', 'home-tooling/token']) {
      memory.secrets.annotations.set(id, { 'hearth/rotation': 'pending' });
    }
    const seen: string[] = [];
    memory.answer = () => {
      seen.push('exec');
      return { code: 0, stdout: '', stderr: '' };
    };
    const { after } = memory;
    memory.after = (change) => {
      seen.push(`${change.verb} ${change.ref.name.replace(/-rotation-.*/, '')}`);
      after(change);
    };
    const { code } = await credentials(memory, []);
    expect(code).toBe(0);
    expect(seen).toEqual(['exec', 'patch caller', 'create server-users', 'patch server', 'patch reader']);
    expect(pending(memory.secrets)).toEqual([]);
  });

  test('a program that starts is waited for before the command', async () => {
    const memory = await runningCluster();
    memory.secrets.annotations.set('home-tooling/root', { 'hearth/rotation': 'pending' });
    const pod = memory.objects.get('v1 Pod home-tooling server-0');
    const server = memory.objects.get('apps/v1 StatefulSet home-tooling server');
    if (!pod || !server) throw new Error('the server does not run');
    memory.put({ ...pod, ...{ status: { phase: 'Pending' } } });
    memory.put({ ...server, ...{ status: { replicas: 1, readyReplicas: 0 } } });
    let slept = 0;
    const sleep = async () => {
      slept += 1;
      [pod, server].forEach((object) => memory.put(object));
    };
    expect(await credentials(memory, [], { sleep })).toMatchObject({ code: 0, err: '' });
    expect(slept).toBeGreaterThan(0);
    expect(pending(memory.secrets)).toEqual([]);
  });

  test('of a platform with external secrets is not looked for', async () => {
    const other = hearthFolder('secrets: external\n');
    const its = buildPlatform(loadPlatform(join(other, 'platforms/home.yaml')), catalogue);
    const untouched = { secrets: { read: () => Promise.reject(new Error('must not be asked')) } };
    expect(await finishRotations({} as never, untouched as never, its)).toEqual([]);
  });
});

describe('a failure', () => {
  test('of the job leaves the rotation open, and says how it goes on', async () => {
    const memory = await runningCluster();
    memory.after = ({ verb }) => verb === 'create' && endJob(memory, 'Failed', 'too often');
    const { code, err } = await rotate(memory, 'app');
    expect(code).toBe(3);
    expect(err).toMatch(/^home-tooling\/server-users-rotation-[0-9a-f]{6} failed: /);
    expect(err).toContain('The new values stand in the Secrets');
    expect(err).toContain('npx hearth credentials home goes on from here');
    expect(pending(memory.secrets)).toEqual([owner]);
    expect(restarted(memory)).toEqual([]);
  });

  test('of the command does not quote the value, not even in part', async () => {
    const memory = await runningCluster();
    memory.answer = (_, __, input = '') => ({ code: 2, stdout: '', stderr: `broken\nLINE 1: ${input.slice(0, 14)}…` });
    const { code, out, err } = await rotate(memory, 'root');
    expect(code).toBe(1);
    expect(err).toContain('(exit code 2):\nbroken\n(left out: it quotes a secret value)');
    expect(out + err).not.toContain(memory.secrets.text('home-tooling/root', 'password').slice(0, 9));
    expect(pending(memory.secrets)).toEqual(['home-tooling/root']);
  });

  test('of a restart: not finished before its pods are ready', async () => {
    const memory = await runningCluster();
    const { after } = memory;
    memory.after = (change) => {
      after(change);
      const reader = memory.objects.get('apps/v1 Deployment home-ai reader');
      if (change.verb === 'patch' && reader) memory.put({ ...reader, ...{ status: { replicas: 1, readyReplicas: 0 } } });
    };
    const { code, err } = await rotate(memory, 'app');
    expect(code).toBe(3);
    expect(err).toContain('not ready');
    expect(pending(memory.secrets)).toEqual([owner]);
  });

  test('somebody changed a Secret meanwhile: nothing is overwritten', async () => {
    const memory = await runningCluster();
    const { secrets } = memory;
    const answers = {
      confirm: async () => {
        secrets.set(owner, 'password', 'of somebody else');
        return true;
      },
    };
    const { code, err } = await credentials(memory, ['--rotate', 'app'], { answers });
    expect(code).toBe(1);
    expect(err).toContain('changed while this ran');
    expect(secrets.text(owner, 'password')).toBe('of somebody else');
    expect(memory.written).toEqual([]);
  });
});

describe('nothing is changed', () => {
  async function refused(memory: MemoryCluster, name: string, given = {}) {
    const before = memory.secrets.content;
    const said = await credentials(memory, ['--rotate', name, '--yes'], given);
    expect(memory.secrets.content).toBe(before);
    expect(pending(memory.secrets)).toEqual([]);
    expect(memory.written).toEqual([]);
    return said;
  }

  test.each([
    ['ap', 'home has no credential "ap"; did you mean "app"?'],
    ['remembered', 'the data in home-tooling/data-server-0 was made with its values'],
    ['remembered', 'kubectl -n home-tooling delete statefulset/server pvc/data-server-0'],
    ['chosen', 'chosen cannot be rotated: people choose their own at first'],
    ['fixed', 'all its values follow from the platform file'],
  ])('%s: %s', async (name, message) => {
    const { code, err } = await refused(await runningCluster(), name);
    expect(code).toBe(1);
    expect(err).toContain(message);
  });

  test('a Secret is not there yet', async () => {
    const memory = await runningCluster();
    memory.secrets.secrets.delete(copy);
    const { code, err } = await refused(memory, 'app');
    expect(code).toBe(1);
    expect(err).toContain('home-ai/app: not there yet; make what is missing first: npx hearth credentials home');
  });

  test('its Secrets hold different values', async () => {
    const memory = await runningCluster();
    memory.secrets.set(copy, 'password', 'another');
    expect((await refused(memory, 'app')).err).toContain('hold different values of password');
  });

  test('the program that must learn the values does not run', async () => {
    const memory = await runningCluster();
    memory.objects.delete('v1 Pod home-tooling server-0');
    expect((await refused(memory, 'root')).err).toContain('home-tooling/server must learn the new values of root');
    memory.objects.delete('apps/v1 StatefulSet home-tooling server');
    expect((await refused(memory, 'app')).err).toContain('home-tooling/server must learn the new values of app');
  });

  test('secrets are external', async () => {
    const memory = await runningCluster();
    const external = { root: hearthFolder('secrets: external\n') };
    expect((await refused(memory, 'token', external)).err).toMatch(/change home\/token there, .* npx hearth restart home$/);
    expect((await refused(memory, 'app', external)).err).toContain('instance=server-users');
  });

  test('nobody agrees', async () => {
    const memory = await runningCluster();
    const silent = await credentials(memory, ['--rotate', 'app']);
    expect(silent).toMatchObject({ code: 2, err: expect.stringContaining('say --yes') as unknown });
    const no = await credentials(memory, ['--rotate', 'app'], { answers: { confirm: async () => false } });
    expect(no).toMatchObject({ code: 1, err: 'Nothing was changed.' });
    expect(pending(memory.secrets)).toEqual([]);
    expect(memory.written).toEqual([]);
  });
});

describe('supplied values', () => {
  test('new ones come from the environment', async () => {
    const memory = await runningCluster();
    const env = { HEARTH_BACKUP_ACCESSKEYID: 'access-of-backup', HEARTH_BACKUP_SECRET_KEY: 'newer' };
    const { code, out } = await credentials(memory, ['--rotate', 'backup', '--yes'], { env });
    expect(code).toBe(0);
    expect(out).not.toContain('newer');
    expect(memory.secrets.text('home-tooling/backup', 'secret.key')).toBe('newer');
    expect(memory.secrets.text('home-tooling/backup', 'accessKeyId')).toBe('access-of-backup');
  });

  test('the same again is no rotation', async () => {
    const memory = await runningCluster();
    const { code, err } = await rotate(memory, 'backup');
    expect(code).toBe(1);
    expect(err).toContain('the given values are those that it has already');
    expect(pending(memory.secrets)).toEqual([]);
  });

  test('none are given', async () => {
    const memory = await runningCluster();
    const { code, err } = await credentials(memory, ['--rotate', 'backup', '--yes'], { env: {} });
    expect(code).toBe(1);
    expect(err).toContain('set HEARTH_BACKUP_ACCESSKEYID');
    expect(err).toContain('set HEARTH_BACKUP_SECRET_KEY');
  });
});

test('the plain command overwrites nothing', async () => {
  const memory = await runningCluster();
  memory.secrets.remove(owner, 'username');
  memory.secrets.replace = () => Promise.reject(new Error('must not replace'));
  expect((await credentials(memory, [])).code).toBe(0);
  expect(memory.secrets.text(owner, 'username')).toBe('app');
});
