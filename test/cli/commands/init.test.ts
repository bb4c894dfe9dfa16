import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, parse, parseDocument } from 'yaml';
import { problemsOf, platformFile } from '../../../cli/platform-file';
import { optionsOf, presets, select, sizeTitles, unsettled, type Size } from '../../../cli/presets';
import type { Asking } from '../../../cli/world';
import { z } from 'zod';
import { catalogue } from '../../../lib/catalogue';
import { homepage } from '../../../lib/tiers/tooling/homepage';
import { parsePlatform } from '../../../lib/config/load';
import { buildPlatform } from '../../../lib/build-platform';
import { quantityValue } from '../../../lib/core/resources';
import { commandLine } from '../command-line';
import { temporaryFolder } from '../world';

/** What a command line writes into an empty folder. */
async function written(args: string[], answers?: Partial<Asking>, root = temporaryFolder()) {
  const said = await commandLine(['init', ...args], { root, answers });
  const name = args[0] ?? 'geoai';
  const file = join(root, 'platforms', `${name}.yaml`);
  return { ...said, root, text: existsSync(file) ? readFileSync(file, 'utf8') : undefined };
}

describe('from flags', () => {
  test('name and cluster suffice: the file builds, and has the services of geoai', async () => {
    const { code, err, out, text = '', root } = await written(['lab', '--cluster', 'k3s']);
    expect([code, err]).toEqual([0, '']);
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./schema.json');
    expect(parse(text)).toEqual({
      name: 'lab',
      domain: 'lab.home.arpa',
      cluster: 'k3s',
      tls: { mode: 'self-signed' },
      services: { traefik: null, homepage: null, mlflow: null, minio: null, postgis: null, rustdesk: null },
    });
    expect(text).not.toContain('null');
    expect(() => buildPlatform(parsePlatform(text, 'lab.yaml'))).not.toThrow();
    expect(out).toContain('npx hearth doctor lab');
    expect(out).toContain('npx hearth up lab');
    expect(out).toContain('lab.home.arpa is for a network of your own');
    expect(readdirSync(join(root, 'platforms')).sort()).toEqual(['lab.yaml', 'schema.json']);
  });

  test('kind gets a domain of this machine', async () => {
    const { text = '', out } = await written(['lab', '--cluster', 'kind']);
    expect(parse(text)).toMatchObject({ domain: 'lab.localhost', cluster: 'kind' });
    expect(out).toContain('lab.localhost stands for this machine');
  });

  test('a public domain with a contact gets Let’s Encrypt', async () => {
    const { code, text = '' } = await written([
      'lab',
      '--cluster',
      'k3s',
      '--domain',
      'lab.hearth-fixture.dev',
      '--contact',
      'ops@hearth-fixture.dev',
    ]);
    expect(code).toBe(0);
    expect(parse(text)).toMatchObject({ tls: { mode: 'lets-encrypt', email: 'ops@hearth-fixture.dev' } });
  });

  test('a public domain may be self-signed', async () => {
    const { code, text = '' } = await written(['lab', '--cluster', 'k3s', '--domain', 'lab.hearth-fixture.dev', '--self-signed']);
    expect(code).toBe(0);
    expect(parse(text)).toMatchObject({ tls: { mode: 'self-signed' } });
  });

  test('a private domain needs no contact, and says so', async () => {
    const { code, err, text = '' } = await written(['lab', '--cluster', 'k3s', '--contact', 'ops@hearth-fixture.dev']);
    expect(code).toBe(0);
    expect(err).toContain('the contact is not needed');
    expect(text).not.toContain('ops@');
  });

  test('names everything that is missing at once, and writes nothing', async () => {
    const { code, err, root } = await written([]);
    expect(code).toBe(2);
    expect(err).toContain('npx hearth init geoai');
    expect(err).toContain('--cluster k3s|kind|kubernetes');
    expect(existsSync(join(root, 'platforms'))).toBe(false);
    const open = await written(['lab', '--domain', 'lab.hearth-fixture.dev']);
    expect(open.code).toBe(2);
    expect(open.err).toContain('--cluster');
    expect(open.err).toContain('--contact <e-mail>');
    expect(open.err).toContain('--self-signed');
  });

  test('never replaces a file unless --force says so', async () => {
    const root = temporaryFolder();
    mkdirSync(join(root, 'platforms'));
    writeFileSync(join(root, 'platforms/lab.yaml'), 'mine');
    const refused = await written(['lab', '--cluster', 'k3s'], undefined, root);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('--force, since platforms/lab.yaml exists');
    expect(refused.text).toBe('mine');
    const forced = await written(['lab', '--cluster', 'k3s', '--force'], undefined, root);
    expect(forced.code).toBe(0);
    expect(forced.text).toContain('name: lab');
  });

  test.each([
    [['lab', '--cluster', 'k3s', '--domain', 'lab.example.com', '--self-signed'], '--domain: lab.example.com is a placeholder'],
    [
      ['lab', '--cluster', 'k3s', '--domain', 'lab.hearth-fixture.dev', '--contact', 'me@example.com'],
      '--contact: me@example.com is a placeholder',
    ],
    [
      ['lab', '--cluster', 'k3s', '--domain', 'lab.hearth-fixture.dev', '--contact', 'nobody'],
      '--contact: must be the e-mail address',
    ],
    [['Lab', '--cluster', 'k3s'], 'name: must be lower-case'],
    [['../lab', '--cluster', 'k3s', '--domain', 'lab.home.arpa'], 'name: must be lower-case'],
    [['kind', '--cluster', 'k3s'], 'name: kind is the name of another folder'],
  ])('%j is refused, and nothing is written', async (args, message) => {
    const { code, err, root } = await written(args);
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(existsSync(join(root, 'platforms'))).toBe(false);
  });

  test('unknown presets, clusters and sizes are errors of usage', async () => {
    for (const flags of [
      ['--preset', 'x'],
      ['--cluster', 'x'],
      ['--size', 'x'],
      ['--self-signed', '--contact', 'a@b.dev'],
    ])
      expect((await written(['lab', '--cluster', 'k3s', ...flags])).code).toBe(2);
  });

  test('a folder that cannot be written is a refusal', async () => {
    const root = temporaryFolder();
    writeFileSync(join(root, 'platforms'), 'a file');
    const { code, err } = await written(['lab', '--cluster', 'k3s'], undefined, root);
    expect(code).toBe(1);
    expect(err).toContain('cannot be written (EEXIST)');
  });
});

describe('services', () => {
  test('what a service needs comes along, and is named', async () => {
    const {
      code,
      out,
      text = '',
    } = await written(['lab', '--cluster', 'k3s', '--preset', 'data', '--without', 'minio,postgis', '--with', 'rustdesk']);
    expect(code).toBe(0);
    expect(Object.keys(parse(text).services)).toEqual(['traefik', 'rustdesk']);
    expect(out).not.toContain('is added');
    expect(select(catalogue, { services: ['mlflow'], with: [], without: [] })).toEqual({
      services: ['traefik', 'postgis', 'minio', 'mlflow'],
      added: [
        'traefik is added: mlflow needs a gateway',
        'postgis is added: mlflow needs a database server',
        'minio is added: mlflow needs an object store',
      ],
      problems: [],
    });
  });

  test('what others need cannot be left out; every mistake is told at once', async () => {
    const { code, err, text } = await written([
      'lab',
      '--cluster',
      'k3s',
      '--without',
      'postgis,mng-pg,pg-cluster',
      'mlfow',
      '--with',
      'nothing',
    ]);
    expect(code).toBe(1);
    expect(err).toContain('mlflow needs a database server: keep postgis or mng-pg or pg-cluster, or leave out mlflow as well');
    expect(err).toContain('there is no service "mlfow"; did you mean "mlflow"?');
    expect(err).toContain('there is no service "nothing"');
    expect(text).toBeUndefined();
  });

  test('a service that needs settings is left to the file', async () => {
    const options = z.strictObject({ target: z.string() });
    const more = { ...catalogue, backup: () => ({ ...homepage, options }) };
    expect(unsettled(more)).toContain('backup');
    expect(select(more, { services: ['traefik'], with: ['backup'], without: [] }).problems).toEqual([
      'backup needs settings; add it to the written file, as docs/components/backup.md says',
    ]);
    const root = temporaryFolder();
    const { out } = await commandLine(['init', 'lab', '--cluster', 'k3s'], { root, catalogue: more });
    expect(out).toContain('To have backup, add it to the file with its settings');
  });

  test.each(['geoai', 'hy-home'])('cli/presets.ts has for %s what the shipped platform has', (name) => {
    const shipped: unknown = parse(readFileSync(join(__dirname, `../../../platforms/${name}.yaml`), 'utf8'));
    expect(new Set(presets[name]?.services)).toEqual(new Set(Object.keys((shipped as { services: object }).services)));
  });

  test.each(Object.keys(presets))('preset %s has every provider that it needs', (name) => {
    const { services, added, problems } = select(catalogue, { services: presets[name]?.services ?? [], with: [], without: [] });
    expect([added, problems]).toEqual([[], []]);
    expect(services).toHaveLength(presets[name]?.services.length ?? 0);
  });
});

describe('sizes', () => {
  const all = Object.keys(catalogue).filter((name) => !unsettled(catalogue).includes(name));

  test.each(Object.keys(sizeTitles) as Size[])('%s is what the services understand', (size) => {
    expect(problemsOf({ name: 'lab', domain: 'lab.localhost', cluster: 'kind', services: all, size })).toEqual([]);
  });

  test('a service with much storage has three sizes of it', () => {
    const storage = (name: string, size: Size) => {
      const said = optionsOf(catalogue, size, name)?.storage;
      const [usual = '0'] = Object.values(catalogue[name]?.().volumes ?? {});
      return quantityValue(typeof said === 'string' ? said : usual) ?? 0;
    };
    const keepers = all.filter((name) => storage(name, 'standard') >= 10 * 2 ** 30);
    expect(keepers).not.toEqual([]);
    for (const name of keepers) {
      expect(storage(name, 'small')).toBeLessThan(storage(name, 'standard'));
      expect(storage(name, 'large')).toBeGreaterThan(storage(name, 'standard'));
    }
  });

  test('small writes its options, standard none', async () => {
    const small = (await written(['lab', '--cluster', 'kind', '--size', 'small'])).text ?? '';
    expect(parse(small).services.minio.storage).toBe('5Gi');
    expect(parse(small).services.rustdesk).toBeNull();
    const standard = (await written(['lab', '--cluster', 'kind', '--size', 'standard'])).text ?? '';
    expect(Object.values(parse(standard).services).filter(Boolean)).toEqual([]);
  });
});

test('every piece of the file is block YAML with short lines', () => {
  const services = Object.keys(catalogue);
  const text = platformFile({ name: 'lab', domain: 'lab.home.arpa', cluster: 'k3s', services, size: 'large' });
  expect(isMap(parseDocument(text).contents)).toBe(true);
  // As prettier would have it, which checks the folder.
  expect(text).not.toContain('"');
  expect(text.split('\n').filter((line) => line.length > 120 || line !== line.trimEnd())).toEqual([]);
});

describe('on a terminal', () => {
  /** Answers by the beginning of the question. */
  const terminal = (inputs: Record<string, string[]>, choices: Record<string, string>, more: Partial<Asking> = {}) => {
    const asked: string[] = [];
    const answers: Partial<Asking> = {
      input: async (message, { default: standard = '', check = (): true => true } = {}) => {
        asked.push(message);
        const given = inputs[message.split(' ')[0] ?? ''];
        for (let answer = given?.shift() ?? standard; ; answer = given?.shift() ?? standard) {
          const verdict = check(answer);
          if (verdict === true) return answer;
          asked.push(verdict);
        }
      },
      select: async (message, options) => {
        asked.push(message);
        const wanted = choices[message.split(' ')[0] ?? ''] ?? '';
        const option = options.find(({ name }) => name.startsWith(wanted));
        if (!option) throw new Error(`${message} has no ${wanted}`);
        return option.value;
      },
      ...more,
    };
    return { asked, answers };
  };

  test('asks for everything, and again for what is wrong', async () => {
    const { asked, answers } = terminal(
      { Name: ['Lab', 'lab'], Domain: ['lab.example.org', 'lab.hearth-fixture.dev'], 'E-mail': ['me', 'me@hearth-fixture.dev'] },
      { Which: 'mlops', What: 'kubernetes', How: 'large' },
    );
    const root = temporaryFolder();
    const { code, err } = await commandLine(['init'], { root, answers });
    expect([code, err]).toEqual([0, '']);
    expect(parse(readFileSync(join(root, 'platforms/lab.yaml'), 'utf8'))).toMatchObject({
      name: 'lab',
      domain: 'lab.hearth-fixture.dev',
      cluster: 'kubernetes',
      tls: { mode: 'lets-encrypt', email: 'me@hearth-fixture.dev' },
      services: { homepage: null, minio: { storage: '500Gi' } },
    });
    expect(asked).toEqual([
      'Name of the platform',
      expect.stringContaining('must be lower-case'),
      'Which services?',
      'What runs it?',
      'Domain',
      expect.stringContaining('is a placeholder'),
      expect.stringMatching(/^E-mail/),
      expect.stringContaining('must be the e-mail address'),
      'How large?',
    ]);
  });

  test('asks only for what no flag says', async () => {
    const { asked, answers } = terminal({}, {});
    const flags = ['--cluster', 'kind', '--preset', 'data', '--size', 'small', '--domain', 'lab.localhost'];
    expect((await written(['lab', ...flags], answers)).code).toBe(0);
    expect(asked).toEqual([]);
  });

  test('services one by one bring their providers', async () => {
    const { answers } = terminal(
      {},
      { Which: 'choose', What: 'kind', How: 'standard' },
      { checkbox: async (_, options) => options.filter(({ name }) => name.startsWith('MLflow')).map(({ value }) => value) },
    );
    const { out, text = '' } = await written(['lab'], answers);
    expect(Object.keys(parse(text).services)).toEqual(['traefik', 'postgis', 'minio', 'mlflow']);
    expect(out).toContain('postgis is added: mlflow needs a database server');
  });

  test('no address is a self-signed certificate', async () => {
    const { answers } = terminal({ 'E-mail': [''] }, { Which: 'data', What: 'k3s', How: 'standard' });
    const { text = '' } = await written(['lab', '--domain', 'lab.hearth-fixture.dev'], answers);
    expect(parse(text).tls).toEqual({ mode: 'self-signed' });
  });

  test.each([false, true])('a file that exists is replaced only if the answer is yes: %s', async (yes) => {
    const root = temporaryFolder();
    mkdirSync(join(root, 'platforms'));
    writeFileSync(join(root, 'platforms/lab.yaml'), 'mine');
    const { answers } = terminal({}, { Which: 'data', What: 'k3s', How: 'standard' }, { confirm: async () => yes });
    const { code, text } = await written(['lab'], answers, root);
    expect(code).toBe(yes ? 0 : 1);
    expect(text === 'mine').toBe(!yes);
  });
});
