import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeValue } from '../../../cli/credentials/values';
import { privateKey, selfSignedCertificate } from '../../../lib/core/credential';
import { Background, eventually, findProgram, freePort, succeed } from '../../api/support/programs';

const folders = ['/usr/sbin'];
/** OpenLDAP's server and the program that fills its storage. */
export const slapd = findProgram('slapd', folders);
const slapadd = findProgram('slapadd', folders);

/** The directory of example.org below `dc=example,dc=org`. */
export interface LdapServerProps {
  /** Who may read, and who nobody else may. */
  readonly reader: { readonly dn: string; readonly password: string };
  /** Distinguished name → attributes, each after those above it. */
  readonly entries: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** OpenLDAP in a temporary folder, by TLS on a free port of 127.0.0.1. It shows passwords to nobody. */
export class LdapServer {
  private server?: Background;

  private constructor(
    private readonly folder: string,
    /** `ldaps://localhost:<port>` */
    readonly url: string,
    /** That of its authority, in PEM. */
    readonly certificate: string,
  ) {}

  static async start({ reader, entries }: LdapServerProps): Promise<LdapServer> {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-ldap-'));
    const key = await makeValue(privateKey());
    const certificate = await makeValue(selfSignedCertificate(['localhost'], 'tls.key'), key);
    const directory = new LdapServer(folder, `ldaps://localhost:${await freePort()}`, certificate);
    mkdirSync(join(folder, 'data'));
    const files = { 'tls.key': key, 'tls.crt': certificate, 'slapd.conf': config(folder, reader.dn) };
    const all: LdapServerProps['entries'] = {
      'dc=example,dc=org': { objectClass: ['dcObject', 'organization'], o: 'Example' },
      [reader.dn]: { objectClass: ['organizationalRole', 'simpleSecurityObject'], userPassword: reader.password },
      ...entries,
    };
    for (const [name, text] of Object.entries({ ...files, 'entries.ldif': ldif(all) })) {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    }
    await succeed(slapadd ?? 'slapadd', ['-f', join(folder, 'slapd.conf'), '-l', join(folder, 'entries.ldif')]);
    await directory.resume();
    return directory;
  }

  /** Starts it again after {@link pause}, with what it holds. */
  async resume(): Promise<void> {
    const args = ['-f', join(this.folder, 'slapd.conf'), '-h', this.url, '-d', 'none'];
    const server = (this.server = new Background(slapd ?? 'slapd', args));
    await eventually(async () => {
      if (server.code !== undefined) throw new Error(`slapd ended:\n${server.log}`);
      await connected(Number(new URL(this.url).port));
    });
  }

  /** Ends it. */
  async pause(): Promise<void> {
    await this.server?.stop();
  }

  async stop(): Promise<void> {
    await this.pause();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const connected = (port: number) =>
  new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(void socket.destroy()));
    socket.on('error', reject);
  });

/** https://www.openldap.org/doc/admin25/slapdconfig.html */
const config = (folder: string, reader: string) => `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${folder}/slapd.pid
TLSCertificateFile ${folder}/tls.crt
TLSCertificateKeyFile ${folder}/tls.key
database mdb
suffix "dc=example,dc=org"
directory ${folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${reader}" read by * none
`;

/** https://www.rfc-editor.org/rfc/rfc2849 */
function ldif(entries: LdapServerProps['entries']): string {
  const line = (name: string, value: string) => `${name}:: ${Buffer.from(value).toString('base64')}`;
  return Object.entries(entries)
    .map(([dn, attributes]) => {
      const lines = Object.entries(attributes).flatMap(([name, values]) => [values].flat().map((value) => line(name, value)));
      return [line('dn', dn), ...lines, ''].join('\n');
    })
    .join('\n');
}
