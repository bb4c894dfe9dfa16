import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { truststoreScript } from '../../lib/tiers/data/opensearch/plugins';
import { findProgram, run, suiteWith } from '../api/support/programs';
import { authorities } from '../support/authorities';

const keytool = findProgram('keytool');

/** What runs before OpenSearch fetches plugins, with the keytool of a Java that trusts one authority. */
suiteWith('test/config/truststore', { 'keytool on PATH (Debian: default-jre-headless)': keytool })('a truststore', () => {
  let folder: string;
  const at = (...path: string[]) => join(folder, ...path);
  const list = (file: string) => run(keytool ?? '', ['-list', '-keystore', file, '-storepass', 'changeit']);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hearth-truststore-'));
    for (const path of ['bin', 'lib/security', 'ca']) mkdirSync(at(path), { recursive: true });
    symlinkSync(keytool ?? '', at('bin/keytool'));
    writeFileSync(at('public.crt'), authorities[0]);
    const args = ['-importcert', '-noprompt', '-alias', 'public', '-file', at('public.crt'), '-storepass', 'changeit'];
    const made = await run(keytool ?? '', [...args, '-keystore', at('lib/security/cacerts')]);
    expect(made).toMatchObject({ code: 0 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['with a comment before each', authorities.map((pem) => `# One\n${pem}`).join('\n')],
    ['without a line end behind the last one', authorities.join('').trimEnd()],
  ])('gets all certificates of the file, %s, and keeps those that Java has', async (_, pem) => {
    writeFileSync(at('ca/ca.crt'), pem);
    const script = truststoreScript.replaceAll('/tmp/', at('/')).replaceAll('/etc/platform-ca', at('ca'));
    const { code, stdout } = await run('sh', ['-c', script, 'echo', 'installs', 'a b'], {
      env: { PATH: process.env.PATH, JAVA_HOME: folder },
    });
    expect(code).toBe(0);
    expect(stdout).toContain('installs a b');
    const { stdout: trusted } = await list(at('truststore'));
    expect(trusted.match(/trustedCertEntry/g)).toHaveLength(3);
    expect((await list(at('lib/security/cacerts'))).stdout.match(/trustedCertEntry/g)).toHaveLength(1);
    for (const file of ['truststore', 'authority-0', 'authority-1', 'authority-2']) rmSync(at(file), { force: true });
  });
});
