import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { makeValue } from '../../cli/credentials/values';
import { privateKey, selfSignedCertificate } from '../../lib/core/credential';
import { htpasswd } from '../../lib/core/derived-rule';
import { environmentOf } from '../api/support/container';
import { objectsOf, platformNamed } from '../api/support/platforms';
import { eventually, findProgram, run, suiteWith } from '../api/support/programs';
import { container, find, findJob } from '../support/objects';
import type { Container } from '../support/kubernetes';
import { openSearchHome, OpenSearchServer } from './support/opensearch-server';

const suite = suiteWith('test/config/opensearch', {
  'OpenSearch 3 with its security plugin in /usr/share/opensearch, or in $OPENSEARCH_HOME': openSearchHome,
  'curl (Debian: curl)': findProgram('curl'),
});

/** One node of the fixture with its own files, scripts and jobs; the founders of its cluster are it alone. */
suite('OpenSearch as its manifests start it', () => {
  const objects = objectsOf(platformNamed('opensearch'));
  const { template } = find(objects, 'StatefulSet', 'opensearch').spec;
  const yml = (find(objects, 'ConfigMap', 'opensearch').data['opensearch.yml'] ?? '')
    .replace(/cluster.initial_cluster_manager_nodes:(\n\s+- .*)+/, 'cluster.initial_cluster_manager_nodes: [opensearch-0]')
    .replace(/discovery.seed_hosts:(\n\s+- .*)+/, 'discovery.seed_hosts: []');
  const secrets = new Map<string, string>();
  const secret = (name: string, key: string) => secrets.get(`${name}/${key}`) ?? `Long-"quoted"-8\\1-${key}-${name.length}`;
  const password = (name: string) => secret(name, 'password');
  let folder: string;
  let server: OpenSearchServer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hearth-opensearch-test-'));
    for (const name of ['opensearch', 'opensearch-setup', 'opensearch-dashboards', 'opensearch-exporter']) {
      const user = { opensearch: 'admin', 'opensearch-setup': 'setup', 'opensearch-dashboards': 'kibanaserver' }[name];
      secrets.set(`${name}/username`, user ?? 'exporter');
    }
    secrets.set('opensearch-setup/line', await makeValue(htpasswd('setup', 'password'), password('opensearch-setup')));
    secrets.set('opensearch-transport/tls.key', await makeValue(privateKey()));
    const rule = selfSignedCertificate(['opensearch'], 'tls.key');
    secrets.set('opensearch-transport/tls.crt', await makeValue(rule, secret('opensearch-transport', 'tls.key')));
    server = await OpenSearchServer.start({ yml, configure });
    await server.program.until(() => script(container(template, 'opensearch'), readyCommand()), 400);
    await makeUsers();
  }, 420_000);

  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 400_000);

  /** What the init container does, and the mount of the certificate. */
  const configure = (config: string) => {
    const init = container(template, 'configure');
    const [files, security] = [join(folder, 'files'), join(folder, 'security')];
    for (const [path, name] of [
      [files, 'opensearch'],
      [security, 'opensearch-security'],
    ] as const) {
      mkdirSync(path, { recursive: true });
      for (const [file, text] of Object.entries(find(objects, 'ConfigMap', name).data)) writeFileSync(join(path, file), text);
    }
    const text = (init.command.at(-1) ?? '')
      .replaceAll('/usr/share/opensearch/config/.', `${openSearchHome}/config/.`)
      .replaceAll('/config/', (match, offset: number, all: string) => (all[offset - 1] === 'h' ? match : `${config}/`))
      .replaceAll('/config\n', `${config}\n`)
      .replaceAll('/files/', `${files}/`)
      .replaceAll('/security/', `${security}/`);
    writeFileSync(join(folder, 'configure.sh'), text);
    const env = { ...process.env, ...environmentOf(init, secret) };
    const { status, stderr } = spawnSync('sh', [join(folder, 'configure.sh')], { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    mkdirSync(join(config, 'certs'));
    for (const key of ['tls.key', 'tls.crt']) writeFileSync(join(config, 'certs', key), secret('opensearch-transport', key));
    cpSync(join(openSearchHome ?? '', 'config/jvm.options'), join(config, 'jvm.options'));
    const jvm = join(config, 'jvm.options');
    writeFileSync(jvm, readFileSync(jvm, 'utf8').replace(/^.*-Xlog:gc.*$/m, ''));
  };

  const readyCommand = () => {
    const probe = container(template, 'opensearch').readinessProbe as { exec: { command: string[] } };
    return probe.exec.command.at(-1) ?? '';
  };

  /** A shell script of a container, with its folders and its server where they are here. */
  const script = async (of: Container, text: string) => {
    const local = text.replaceAll('http://127.0.0.1:9200', server.url).replaceAll('/tmp/', `${folder}/`);
    const env = { PATH: process.env.PATH, ...environmentOf(of, secret), URL: server.url };
    const result = await run('sh', ['-c', local], { env });
    if (result.code !== 0) throw new Error(`${result.code} ${result.stderr}${result.stdout}`);
    return result;
  };
  const makeUsers = () => {
    const job = container(findJob(objects, 'opensearch-users').spec.template, 'opensearch');
    return script(job, job.command.at(-1) ?? '');
  };
  const status = async (user: string, name: string, method: string, path: string, body?: string) =>
    (await server.ask(user, password(name), method, path, body))[0];
  const admin = async (method: string, path: string, body?: string) => {
    const [code, text] = await server.ask('admin', password('opensearch'), method, path, body);
    if (code >= 300) throw new Error(`${method} ${path}: ${code} ${text}`);
    return text;
  };

  test('a setting that OpenSearch does not know is refused', async () => {
    const wrong = await OpenSearchServer.start({
      yml: yml.replace('allow_mmap', 'alow_mmap'),
      configure,
    });
    expect(await wrong.program.ended).not.toBe(0);
    expect(wrong.program.log).toContain('unknown setting [node.store.alow_mmap]');
    await wrong.stop();
  }, 400_000);

  test('users are made, again without a change, and get a new password', async () => {
    await makeUsers();
    expect(await status('admin', 'opensearch', 'GET', '_cluster/health')).toBe(200);
    await makeUsers();
    const former = password('opensearch');
    secrets.set('opensearch/password', 'another-LONG-password-42');
    await makeUsers();
    expect(await status('admin', 'opensearch', 'GET', '_cluster/health')).toBe(200);
    expect((await server.ask('admin', former, 'GET', '_cluster/health'))[0]).toBe(401);
  }, 400_000);

  test('nobody comes in without a password, and nobody deletes the platform’s own user', async () => {
    expect((await server.ask('admin', 'admin', 'GET', ''))[0]).toBe(401);
    expect(await status('admin', 'opensearch', 'DELETE', '_plugins/_security/api/internalusers/setup')).toBe(403);
  });

  test('the exporter reads figures and no documents; Dashboards has its own index and no more', async () => {
    await admin('PUT', 'secret/_doc/1?refresh', '{"a":1}');
    for (const path of ['_cluster/health', '_nodes/stats', '_stats', '_cat/shards', '_all/_alias']) {
      expect([path, await status('exporter', 'opensearch-exporter', 'GET', path)]).toEqual([path, 200]);
    }
    for (const [user, name] of [
      ['exporter', 'opensearch-exporter'],
      ['kibanaserver', 'opensearch-dashboards'],
    ] as const) {
      expect(await status(user, name, 'GET', 'secret/_search')).toBe(403);
    }
    expect(await status('kibanaserver', 'opensearch-dashboards', 'PUT', '.kibana_1', '{}')).toBe(200);
    expect(await status('exporter', 'opensearch-exporter', 'DELETE', 'secret')).toBe(403);
  }, 400_000);

  test('a backup brings every document back letter by letter, and nothing else stays', async () => {
    const odd = '{ "n": 9007199254740993, "f": 1.0,\n "s": "line\\nbreak \\"q\\" \\\\ 한국어", "id": "99999999999999999999999" }';
    await admin('PUT', '_ingest/pipeline/none', '{"processors":[]}');
    await admin(
      'PUT',
      encodeURIComponent('文書'),
      JSON.stringify({
        settings: { number_of_replicas: 0, default_pipeline: 'none' },
        aliases: { papers: { filter: { term: { k: 'a' } } } },
        mappings: { properties: { k: { type: 'keyword' }, n: { type: 'long' } } },
      }),
    );
    await admin('PUT', `${encodeURIComponent('文書')}/_doc/${encodeURIComponent('a/b "q"')}?routing=r&refresh`, odd);
    await admin(
      'PUT',
      '_index_template/logs',
      '{"index_patterns":["logs-*"],"data_stream":{},"template":{"settings":{"number_of_replicas":0}}}',
    );
    await admin('PUT', '_data_stream/logs-app');
    await admin('POST', 'logs-app/_bulk?refresh', '{"create":{}}\n{"@timestamp":"2026-01-01T00:00:00Z","m":"one"}\n');
    const bulk = Array.from({ length: 3000 }, (_, i) => `{"index":{"_id":"${i}"}}\n{"i":${i},"text":"number ${i}"}\n`);
    await admin('POST', 'many/_bulk?refresh', bulk.join(''));
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    await dump('save', first);
    await admin('DELETE', 'many');
    await admin('PUT', 'secret/_doc/1?refresh', '{"a":2}');
    await admin('PUT', 'later/_doc/1?refresh', '{}');
    await admin(
      'PUT',
      '_index_template/later',
      '{"index_patterns":["many"],"template":{"mappings":{"properties":{"later":{"type":"long"}}}}}',
    );
    const { stdout } = await dump('load', first);
    expect(stdout).toContain('many: 3000 documents');
    await dump('save', second);
    const before = contentOf(first);
    expect(contentOf(second)).toEqual(before);
    expect(Object.keys(before).sort()).toEqual(['.kibana_1', 'logs-app', 'many', 'secret', '文書'].sort());
    expect(before['文書']?.documents).toEqual([`{"_id":"a/b \\"q\\"","routing":"r"}\n${odd.replace('\n', ' ')}`]);
    expect((await server.ask('admin', password('opensearch'), 'GET', '_index_template/later'))[0]).toBe(404);
    expect(JSON.parse(await admin('GET', 'papers/_count'))).toMatchObject({ count: 0 });
  }, 400_000);

  test('a closed index is named instead of being left out', async () => {
    await admin('POST', 'secret/_close');
    await expect(dump('save', join(folder, 'third'))).rejects.toThrow('closed indices cannot be read: secret');
    await admin('POST', 'secret/_open');
  }, 400_000);

  test('a node takes over a renewed certificate while it runs', async () => {
    const key = await makeValue(privateKey());
    const text = await makeValue(selfSignedCertificate(['opensearch'], 'tls.key'), key);
    for (const [name, content] of [
      ['tls.key', key],
      ['tls.crt', text],
    ] as const) {
      writeFileSync(join(server.folder, 'config/certs', name), content);
    }
    await eventually(
      async () => expect(server.program.log).toMatch(/TRANSPORT.* SSL context reloaded|transport.* SSL context reloaded/),
      90,
    );
    expect(await status('admin', 'opensearch', 'GET', '_cluster/health')).toBe(200);
  }, 400_000);

  test('no password stands in the log', () => {
    for (const name of ['opensearch', 'opensearch-setup', 'opensearch-dashboards', 'opensearch-exporter']) {
      expect(server.program.log).not.toContain(password(name));
    }
  });

  async function dump(action: 'save' | 'load', to: string) {
    if (action === 'save') mkdirSync(to);
    const env = {
      PATH: process.env.PATH,
      OPENSEARCH_URL: server.url,
      SETUP_USER: 'setup',
      SETUP_PASSWORD: password('opensearch-setup'),
    };
    const program = join(__dirname, '../../lib/tiers/data/opensearch/indices.mjs');
    const result = await run(process.execPath, [program, action, to], { env });
    if (result.code !== 0) throw new Error(result.stderr);
    expect(result.stderr).toBe('');
    return result;
  }
});

interface Saved {
  readonly indices: { index: string; file: string; aliases: object; mappings: object; settings?: object }[];
}

/** Index → what a dump holds of it, documents in the order of their text. */
function contentOf(folder: string) {
  const { indices } = JSON.parse(readFileSync(join(folder, 'indices.json'), 'utf8')) as Saved;
  return Object.fromEntries(
    indices.map(({ index, file, aliases, mappings }) => {
      const lines = gunzipSync(readFileSync(join(folder, file)))
        .toString()
        .split('\n')
        .slice(0, -1);
      const documents = lines.flatMap((line, i) => (i % 2 === 0 ? [`${line}\n${lines[i + 1]}`] : [])).sort();
      return [index, { aliases, mappings, documents }];
    }),
  );
}
