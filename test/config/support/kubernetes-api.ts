import { createSign, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeValue } from '../../../cli/credentials/values';
import { privateKey, selfSignedCertificate } from '../../../lib/core/credential';

/**
 * What a job asks of the API of Kubernetes: one Secret, and with which keys the cluster signs the tokens of service accounts,
 * which it makes as well. https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
 */
export class KubernetesApi {
  /** What the Secret holds, decoded. */
  readonly secret: Record<string, string> = {};
  readonly issuer = 'https://kubernetes.default.svc.cluster.local';
  private signing = generateKeyPairSync('rsa', { modulusLength: 2048 });
  private readonly folder = mkdtempSync(join(tmpdir(), 'hearth-kubernetes-'));
  private readonly token = 'token-of-the-job';

  private constructor(
    private readonly path: string,
    private readonly server: Server,
  ) {}

  /** @param path of the Secret */
  static async start(path: string): Promise<KubernetesApi> {
    const key = await makeValue(privateKey());
    const cert = await makeValue(selfSignedCertificate(['localhost'], 'key'), key);
    const server = createServer({ key, cert });
    const api = new KubernetesApi(path, server);
    writeFileSync(join(api.folder, 'ca.crt'), cert);
    writeFileSync(join(api.folder, 'token'), api.token);
    server.on('request', (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const signedIn = request.headers.authorization === `Bearer ${api.token}`;
        const [status, answer] = signedIn
          ? api.answer(request.method ?? '', request.url ?? '', Buffer.concat(parts).toString())
          : [401, { message: 'Unauthorized' }];
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    return api;
  }

  /** What the pod of the job finds. */
  get env(): Record<string, string> {
    return {
      KUBERNETES_URL: `https://localhost:${(this.server.address() as AddressInfo).port}`,
      SERVICE_ACCOUNT_FOLDER: this.folder,
    };
  }

  /** The cluster signs with another key from now on. */
  renewKeys(): void {
    this.signing = generateKeyPairSync('rsa', { modulusLength: 2048 });
  }

  /** A token of a service account. @param seconds how long it is valid */
  tokenOf(namespace: string, serviceAccount: string, audience: string, seconds = 600): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: this.issuer,
      sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
      aud: [audience],
      iat: now + Math.min(seconds, 0) - 1,
      nbf: now + Math.min(seconds, 0) - 1,
      exp: now + seconds,
    };
    const encoded = [{ alg: 'RS256', typ: 'JWT', kid: 'test' }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const signature = createSign('RSA-SHA256').update(encoded.join('.')).sign(this.signing.privateKey, 'base64url');
    return [...encoded, signature].join('.');
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private answer(method: string, url: string, body: string): [number, unknown] {
    if (url === '/.well-known/openid-configuration') return [200, { issuer: this.issuer }];
    if (url === '/openid/v1/jwks') {
      return [200, { keys: [{ ...this.signing.publicKey.export({ format: 'jwk' }), use: 'sig', kid: 'test' }] }];
    }
    const { pathname, searchParams } = new URL(url, 'https://localhost');
    if (pathname !== this.path || !['GET', 'PATCH'].includes(method)) return [403, { message: 'forbidden' }];
    if (method === 'PATCH') {
      const { data } = JSON.parse(body) as { data: Record<string, string | null> };
      for (const [key, value] of Object.entries(data)) {
        if (searchParams.get('dryRun') === 'All') continue;
        if (value === null) Reflect.deleteProperty(this.secret, key);
        else this.secret[key] = Buffer.from(value, 'base64').toString();
      }
    }
    const encoded = Object.entries(this.secret).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    return [200, { data: Object.fromEntries(encoded) as unknown }];
  }
}
