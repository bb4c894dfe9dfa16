import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeValue } from '../../cli/credentials/values';
import { catalogue } from '../../lib/catalogue';
import { Deployment } from '../../lib/core/controllers';
import { privateKey, selfSignedCertificate } from '../../lib/core/credential';
import { Background, eventually, findProgram, freePort, run, suiteWith, type RunOptions } from '../api/support/programs';
import { signIn } from '../../lib/core/sign-in';
import { find, objectsOf } from '../support/objects';
import { routed, secured, sleeper, testPlatform, type TestEntry } from '../support/platforms';
import { startScript } from '../../lib/tiers/gateway/nginx/config';
import { NameServer } from './support/name-server';

const nginx = findProgram('nginx', ['/usr/sbin']) ?? '';

const signOn: TestEntry = {
  needs: {},
  provides: { signIn },
  build: (component) => {
    const server = new Deployment(component, 'sign-in', { ...sleeper, ports: { http: 4180 } });
    return { signIn: { endpoint: server.endpoint('http'), cookie: 'session' } };
  },
};

/** Every kind of location, each to a program of its own. */
const locations = {
  '/app/': { to: 'app', access: 'public', cache: true, rateLimited: false },
  '/mine/': { to: 'mine', cache: true, rateLimited: false },
  '/ops/': { to: 'ops', access: { groups: ['admins', 'team/ops'] }, rateLimited: false },
  '/limited/': { to: 'limited', access: 'public' },
  '/store/': { to: 'store', access: 'public', uploads: true, rateLimited: false },
  '/pages/': { to: 'pages', access: 'public', rewriteBase: true, rateLimited: false },
  '/vault/': { to: 'vault', access: 'public', rateLimited: false },
  '/late/': { to: 'late', access: 'public', rateLimited: false },
};
const entries = {
  app: routed('app', { hidden: ['/metrics'] }),
  mine: routed('mine'),
  ops: routed('ops'),
  limited: routed('limited'),
  store: routed('store'),
  pages: routed('pages'),
  vault: secured('vault'),
  late: routed('late'),
  'sign-in': signOn,
};
const files = find(
  objectsOf(
    testPlatform(
      entries,
      {
        services: {
          ...Object.fromEntries([...Object.keys(entries), 'gateway'].map((name) => [name, {}])),
          nginx: { locations },
        },
      },
      catalogue.nginx ? { nginx: catalogue.nginx } : {},
    ),
  ),
  'ConfigMap',
  'nginx',
).data;
const text = files['nginx.conf'] ?? '';

/** What a program saw of a request. */
interface Seen {
  readonly program: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly bytes: number;
}
interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Says what it saw, or what its path asks for. */
function answer(name: string, incoming: IncomingMessage, response: ServerResponse): void {
  const url = incoming.url ?? '';
  const says: Record<string, Record<string, string | string[]>> = {
    '/kept.css': { 'cache-control': 'public, max-age=600' },
    '/kept.html': { 'cache-control': 'public, max-age=600' },
    '/unsaid.css': {},
    '/private.css': { 'cache-control': 'private, max-age=600' },
    '/cookie.css': { 'cache-control': 'public, max-age=600', 'set-cookie': 'id=1' },
    '/login': {
      location: '/home?a=b',
      'set-cookie': ['id=1; Path=/; HttpOnly', `own=1; Path=/app/; Domain=${name}.hearth.test`],
    },
    '/elsewhere': { location: `https://${name}.hearth.test/there` },
    '/inside': { 'x-accel-redirect': '/mine/' },
  };
  let bytes = 0;
  incoming.on('data', (data: Buffer) => (bytes += data.length));
  incoming.on('end', () => {
    const headers = says[url] ?? {};
    if (url === '/page') {
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<base href="/"/>${' '.repeat(2000)}`);
      return;
    }
    const seen: Seen = {
      program: name,
      method: incoming.method ?? '',
      url,
      headers: incoming.headers as Record<string, string>,
      bytes,
    };
    response.writeHead(headers.location ? 302 : 200, {
      'content-type': 'application/json',
      server: 'secret/1',
      ...headers,
    });
    response.end(JSON.stringify(seen));
  });
}

/** As OAuth2 Proxy answers: who comes is in the cookie, with the groups. */
function answerWho(incoming: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://sign-in');
  const [, person, groups = ''] = /who=([a-z]+):?([a-z/,]*)/.exec(incoming.headers.cookie ?? '') ?? [];
  const { 'x-forwarded-proto': scheme, 'x-forwarded-host': host, 'x-forwarded-uri': uri } = incoming.headers;
  const to = `${String(scheme)}://${String(host)}${String(uri)}`;
  const allowed = searchParams.get('allowed_groups')?.split(',');
  const status =
    incoming.method !== 'GET'
      ? 500
      : person === undefined
        ? pathname === '/oauth2/auth'
          ? 401
          : 302
        : allowed?.every((group) => !groups.split(',').includes(group))
          ? 403
          : 202;
  response.writeHead(status, {
    ...(status === 202
      ? {
          'x-auth-request-user': person,
          'x-auth-request-email': `${person}@hearth.test`,
          'x-auth-request-groups': groups,
          'set-cookie': 'session=renewed',
        }
      : {}),
    ...(status === 302 ? { location: `https://id.hearth.test/?to=${encodeURIComponent(to)}`, 'set-cookie': 'csrf=1' } : {}),
  });
  response.end();
}

suiteWith('test/config/nginx', { 'nginx (Debian: nginx-light)': nginx })('nginx as the path gateway starts it', () => {
  let folder: string;
  let names: NameServer;
  let gateway: Background;
  let port: number;
  const ports = new Map<string, number>();
  const servers = new Map<string, Server | SecureServer>();
  // It is no root in its container; and root would leave its files to somebody else.
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const options: RunOptions = { ...nobody };

  const listen = async (name: string, server: Server | SecureServer) => {
    const here = ports.get(name) ?? (await freePort());
    ports.set(name, here);
    await new Promise<void>((done) => server.listen(here, '127.0.0.1', done));
    servers.set(name, server);
  };
  const start = (name: string) =>
    listen(
      name,
      createServer((incoming, response) => answer(name, incoming, response)),
    );
  const dns = (name: string) => `${name}.test-apps.svc.cluster.local`;

  /** Through the gateway, as Traefik would send it for a client. */
  const ask = (path: string, headers: Record<string, string> = {}, body?: Buffer, method = body ? 'PUT' : 'GET') =>
    new Promise<Answer>((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port,
          path,
          method,
          headers: { host: 'paths.hearth.test', 'x-forwarded-for': '203.0.113.7', ...headers },
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(parts).toString('latin1'),
            }),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  const seen = async (...args: Parameters<typeof ask>) => JSON.parse((await ask(...args)).body) as Seen;

  /** The configuration with the ports of this machine instead of those of the cluster. */
  const moved = () => {
    let config = text
      .replaceAll('/tmp/', `${folder}/`)
      .replaceAll('/var/cache/nginx', `${folder}/cache`)
      .replaceAll('/etc/path-gateway-trust/vault-tls', folder)
      .replace('access_log /dev/stdout', `access_log ${folder}/access.log`)
      .replace('listen 8080', `listen 127.0.0.1:${port}`);
    for (const [name, number] of ports) {
      config = config.replaceAll(new RegExp(`${dns(name)}:\\d+`, 'g'), `${dns(name)}:${number}`);
    }
    return config;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hearth-nginx-'));
    if (nobody.uid !== undefined) chownSync(folder, nobody.uid, nobody.gid);
    chmodSync(folder, 0o755);
    names = await NameServer.start();
    port = await freePort();
    for (const name of Object.keys(entries)) {
      if (name !== 'late') names.names.set(dns(name), '127.0.0.1');
      if (!['vault', 'late', 'sign-in'].includes(name)) await start(name);
    }
    await listen('sign-in', createServer(answerWho));
    const key = await makeValue(privateKey());
    const cert = await makeValue(selfSignedCertificate(['vault.test-apps.svc'], 'tls.key'), key);
    writeFileSync(join(folder, 'ca.crt'), cert);
    await listen(
      'vault',
      createSecureServer({ key, cert }, (incoming, response) => answer('vault', incoming, response)),
    );
    ports.set('late', await freePort());
    writeFileSync(join(folder, 'resolver.conf'), `resolver ${names.address} valid=1s;\n`);
    writeFileSync(join(folder, 'nginx.conf'), moved());
    gateway = new Background(nginx, ['-e', 'stderr', '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'], options);
    await gateway.until(async () => expect((await ask('/ping')).status).toBe(200));
  });

  afterAll(async () => {
    await gateway?.stop('SIGQUIT');
    names?.stop();
    for (const server of servers.values()) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  test('nginx -t accepts the file, without a warning, and not a wrong one', async () => {
    const check = async (config: string) => {
      const file = join(folder, 'check.conf');
      writeFileSync(file, config);
      return run(nginx, ['-t', '-q', '-e', 'stderr', '-c', file], options);
    };
    const good = readFileSync(join(folder, 'nginx.conf'), 'utf8');
    expect(await check(good)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await check(good.replace('proxy_cache assets', 'proxy_cache nothing'))).code).toBe(1);
  });

  test('the container asks the first name server that the pod is told', async () => {
    const awk = startScript.split('\n').find((line) => line.startsWith('awk')) ?? '';
    const resolver = async (resolvConf: string) => {
      writeFileSync(join(folder, 'resolv.conf'), resolvConf);
      const script = awk.replace('/etc/resolv.conf', 'resolv.conf').replace('/tmp/resolver.conf', 'made.conf');
      expect(await run('sh', ['-euc', script], { cwd: folder })).toMatchObject({ code: 0, stderr: '' });
      return readFileSync(join(folder, 'made.conf'), 'utf8');
    };
    expect(await resolver('search a.svc svc\nnameserver 10.43.0.10\nnameserver 10.43.0.11\noptions ndots:5\n')).toBe(
      'resolver 10.43.0.10 valid=10s;\n',
    );
    expect(await resolver('nameserver fd00::a\n')).toBe('resolver [fd00::a] valid=10s;\n');
  });

  test('a path leads to its program, which sees its own host and the rest of the path as it was written', async () => {
    const { program, url, headers } = await seen('/app/a%2Fb/c%20d?e=f%26g', { origin: 'https://paths.hearth.test' });
    expect({ program, url }).toEqual({ program: 'app', url: '/a%2Fb/c%20d?e=f%26g' });
    expect(headers).toMatchObject({
      host: 'app.hearth.test',
      origin: 'https://app.hearth.test',
      'x-forwarded-host': 'app.hearth.test',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '203.0.113.7',
      'x-real-ip': '203.0.113.7',
    });
    expect((await seen('/store/', { origin: 'https://evil.test' })).headers.origin).toBe('https://evil.test');
    // What a client claims itself comes before what Traefik saw.
    const claimed = await seen('/app/x', { 'x-forwarded-for': '192.0.2.1, 198.51.100.9' });
    expect(claimed.headers).toMatchObject({ 'x-forwarded-for': '198.51.100.9', 'x-real-ip': '198.51.100.9' });
    expect(await ask('/app')).toMatchObject({ status: 301, headers: { location: '/app/' } });
  });

  test('there is nothing else, and nobody learns what answers', async () => {
    for (const path of ['/', '/apps/', '/unknown', '/.sign-in/anybody', '/app/metrics', '/app/%6Detrics/x']) {
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
    }
    const ping = await ask('/ping');
    expect([ping.status, ping.body, ping.headers.server]).toEqual([200, 'pong\n', 'nginx']);
    expect((await ask('/app/')).headers.server).toBe('nginx');
  });

  test('paths that climb, or write their first part otherwise, are refused', async () => {
    for (const path of [
      '/app/../mine/',
      '/app/..%2Fmine/',
      '/app/%2e%2E/mine/',
      '/app/x/..',
      '/app/./x',
      '/%61pp/x',
      '//app/x',
    ]) {
      expect([path, (await ask(path)).status]).toEqual([path, 400]);
    }
    expect((await ask('/app/.well-known/a..b?c=/../')).status).toBe(200);
  });

  test('who is not signed in is led to where people sign in, and back to the whole address', async () => {
    for (const path of ['/mine/x?a=b&c=d%26e', '/mine/kept.css', '/ops/']) {
      const { status, headers } = await ask(path);
      expect(status).toBe(302);
      expect(new URL(headers.location ?? '').searchParams.get('to')).toBe(`https://paths.hearth.test${path}`);
      expect(headers['set-cookie']).toEqual(['csrf=1']);
    }
    expect((await ask('/mine/', {}, Buffer.from('a'), 'POST')).status).toBe(302);
  });

  test('the program learns who is signed in from nginx, and from nobody else', async () => {
    const forged = {
      'x-user': 'eve',
      'x-email': 'eve@hearth.test',
      'x-auth-request-user': 'eve',
      'x-auth-request-groups': '/admins',
      'x-auth-request-preferred-username': 'eve',
      'x-forwarded-user': 'eve',
      'x-forwarded-groups': '/admins',
      'x-remote-user': 'eve',
      'remote-user': 'eve',
    };
    const mine = await ask('/mine/x', { cookie: 'who=alice:/staff', ...forged });
    expect(mine.headers['set-cookie']).toEqual(['session=renewed']);
    const { headers } = JSON.parse(mine.body) as Seen;
    expect(headers).toMatchObject({
      'x-user': 'alice',
      'x-email': 'alice@hearth.test',
      'x-auth-request-user': 'alice',
      'x-auth-request-groups': '/staff',
    });
    expect(JSON.stringify(headers)).not.toMatch(/eve|admins/);
    const nobodyAsked = await seen('/app/x', { cookie: 'who=alice', ...forged });
    expect(JSON.stringify(nobodyAsked.headers)).not.toMatch(/eve|admins|"x-user"/);
  });

  test('groups: one of them is enough, others are refused without being led anywhere', async () => {
    expect((await ask('/ops/', { cookie: 'who=alice:/team/ops' })).status).toBe(200);
    expect((await ask('/ops/', { cookie: 'who=alice:/admins,/staff' })).status).toBe(200);
    const { status, headers } = await ask('/ops/', { cookie: 'who=bob:/staff' });
    expect([status, headers.location]).toEqual([403, undefined]);
    expect((await ask('/mine/', { cookie: 'who=bob:/staff' })).status).toBe(200);
  });

  describe('what is kept', () => {
    const kept = async (path: string, headers: Record<string, string> = {}) => {
      await ask(path, headers);
      return (await ask(path, headers)).headers['x-cache'];
    };

    test('assets for as long as the program says, and nothing of which it does not say so', async () => {
      expect(await kept('/app/kept.css')).toBe('HIT');
      expect(await kept('/app/kept.css?v=2')).not.toBe('HIT');
      for (const path of ['/app/unsaid.css', '/app/private.css', '/app/cookie.css']) {
        expect([path, await kept(path)]).toEqual([path, 'MISS']);
      }
      expect(await kept('/app/kept.html')).toBeUndefined();
      expect(await kept('/store/kept.css')).toBeUndefined();
    });

    test('nothing for or from requests that say who they are from, where nobody asks', async () => {
      expect(await kept('/app/kept.css?own', { cookie: 'id=alice' })).toBe('BYPASS');
      expect(await kept('/app/kept.css?own', { authorization: 'Bearer alice' })).toBe('BYPASS');
      expect((await ask('/app/kept.css?own')).headers['x-cache']).toBe('MISS');
    });

    test('of people who are signed in for each their own, and nobody gets it without being signed in', async () => {
      const ofAlice = { cookie: 'who=alice' };
      expect(await kept('/mine/kept.css', ofAlice)).toBe('HIT');
      const again = await ask('/mine/kept.css', ofAlice);
      expect([again.headers['x-cache'], again.headers['set-cookie']]).toEqual(['HIT', ['session=renewed']]);
      const ofBob = await ask('/mine/kept.css', { cookie: 'who=bob' });
      expect([ofBob.headers['x-cache'], (JSON.parse(ofBob.body) as Seen).headers['x-user']]).toEqual(['MISS', 'bob']);
      expect((await ask('/mine/kept.css')).status).toBe(302);
    });
  });

  test('one client that sends more than its share is told to wait (429), others are not', async () => {
    const storm = async (client: string) => {
      const answers = Array.from({ length: 200 }, () => ask('/limited/', { 'x-forwarded-for': client }));
      return (await Promise.all(answers)).map(({ status }) => status);
    };
    const statuses = await storm('198.51.100.1');
    expect([...new Set(statuses)].sort()).toEqual([200, 429]);
    // The burst of 50 and one; the rest is what a slow machine adds at 100 a second.
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(50);
    expect((await ask('/limited/', { 'x-forwarded-for': '198.51.100.2' })).status).toBe(200);
  });

  test('bodies above 1 MB pass; above 100 MiB only where uploads are wanted', async () => {
    const body = Buffer.alloc(3_000_000, 'a');
    for (const path of ['/app/x', '/store/x']) expect((await seen(path, {}, body)).bytes).toBe(body.length);
    const large = Buffer.alloc(101 * 2 ** 20);
    expect((await seen('/store/x', {}, large)).bytes).toBe(large.length);
    const refused = await ask('/app/x', { 'content-length': String(large.length), expect: '100-continue' }, undefined, 'PUT');
    expect(refused.status).toBe(413);
  });

  test('redirects and cookies stay below the path; an address of its own host stays as it is', async () => {
    const { status, headers } = await ask('/app/login');
    expect([status, headers.location]).toEqual([302, '/app/home?a=b']);
    expect(headers['set-cookie']).toEqual(['id=1; Path=/app/; HttpOnly', 'own=1; Path=/app/; Domain=paths.hearth.test']);
    expect((await ask('/app/elsewhere')).headers.location).toBe('https://app.hearth.test/there');
  });

  test('a program cannot send nginx to another location', async () => {
    expect((JSON.parse((await ask('/app/inside')).body) as Seen).program).toBe('app');
  });

  test('pages learn their base where that is wanted, and only there', async () => {
    expect((await ask('/pages/page')).body).toContain('<base href="/pages/"/>');
    expect((await ask('/store/page')).body).toContain('<base href="/"/>');
  });

  test('text is compressed for those who take it so', async () => {
    const compressed = await ask('/store/page', { 'accept-encoding': 'gzip' });
    expect(compressed.headers['content-encoding']).toBe('gzip');
    expect((await ask('/store/page')).headers['content-encoding']).toBeUndefined();
  });

  test('WebSockets pass', async () => {
    servers.get('pages')?.on('upgrade', (incoming: IncomingMessage, socket) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfor ${incoming.url}`);
      socket.on('data', (data: Buffer) => socket.end(`you said ${data.toString()}`));
    });
    const said = await new Promise<string>((resolve, reject) => {
      const outgoing = request({
        host: '127.0.0.1',
        port,
        path: '/pages/ws',
        headers: { host: 'paths.hearth.test', connection: 'Upgrade', upgrade: 'websocket' },
      });
      outgoing.on('upgrade', (_, socket, head) => {
        let all = head.toString();
        socket.on('data', (data: Buffer) => (all += data.toString()));
        socket.on('end', () => resolve(all));
        socket.write('hello');
      });
      outgoing.on('response', ({ statusCode }) => reject(new Error(`no upgrade: ${statusCode}`)));
      outgoing.on('error', reject);
      outgoing.end();
    });
    expect(said).toBe('for /wsyou said hello');
  });

  test('a program that speaks TLS is only talked to when its certificate is the right one', async () => {
    expect((await seen('/vault/x')).program).toBe('vault');
    const key = await makeValue(privateKey());
    const cert = await makeValue(selfSignedCertificate(['vault.test-apps.svc'], 'tls.key'), key);
    (servers.get('vault') as SecureServer).setSecureContext({ key, cert });
    (servers.get('vault') as SecureServer).closeAllConnections();
    expect((await ask('/vault/x')).status).toBe(502);
  });

  test('a program that is not there disturbs nobody, and is found once it comes', async () => {
    expect((await ask('/late/')).status).toBe(502);
    expect((await ask('/app/')).status).toBe(200);
    await start('late');
    names.names.set(dns('late'), '127.0.0.1');
    await eventually(async () => expect((await seen('/late/')).program).toBe('late'), 20);
  });

  test('without whoever knows the people nobody passes', async () => {
    const known = servers.get('sign-in');
    await new Promise((done) => {
      known?.close(done);
      known?.closeAllConnections();
    });
    expect((await ask('/mine/', { cookie: 'who=alice' })).status).toBe(500);
    await listen('sign-in', createServer(answerWho));
    expect((await ask('/mine/', { cookie: 'who=alice' })).status).toBe(200);
  });

  test('the log is JSON and says who came, but not what stands after the question mark', async () => {
    await ask('/mine/logged?token=secret', { cookie: 'who=alice' });
    await eventually(async () => {
      const lines = readFileSync(join(folder, 'access.log'), 'utf8').trim().split('\n');
      const entry = lines.map((line) => JSON.parse(line) as Record<string, string>).find(({ path }) => path === '/mine/logged');
      expect(entry).toMatchObject({ client: '203.0.113.7', person: 'alice', method: 'GET', status: '200' });
    });
    const everything = readFileSync(join(folder, 'access.log'), 'utf8');
    expect(everything).not.toContain('secret');
    expect(everything).not.toContain('/ping');
  });
});
