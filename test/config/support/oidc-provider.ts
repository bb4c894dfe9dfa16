import { createHash, createSign, generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ProviderProps {
  /** Of all its tokens; it need not be where it is reached. */
  readonly issuer: string;
  /** Path that those of its own are below, as `/realms/home/protocol/openid-connect`. */
  readonly path: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Somebody who signs in. */
export interface Account {
  readonly sub: string;
  readonly email: string;
  readonly preferred_username: string;
  readonly groups: readonly string[];
}

/**
 * The part of an identity provider that a program asks behind the back of the browser, by HTTP on a free port of 127.0.0.1:
 * codes become tokens, which are renewed, checked by its keys, and end when it is told so.
 * https://openid.net/specs/openid-connect-core-1_0.html
 */
export class OidcProvider {
  /** What it was told to end: the identity tokens. */
  readonly ended: string[] = [];
  /** How often a token was renewed. */
  renewals = 0;
  tokenSeconds = 900;
  private readonly keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  private readonly codes = new Map<string, { account: Account; challenge: string; nonce?: string }>();
  /** Codes and tokens, which each have a number. */
  private made = 0;
  private readonly sessions = new Map<string, Account>();

  private constructor(
    private readonly props: ProviderProps,
    private readonly server: Server,
  ) {}

  static async start(props: ProviderProps): Promise<OidcProvider> {
    const server = createServer();
    const provider = new OidcProvider(props, server);
    server.on('request', (request, response) => void provider.serve(request, response));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return provider;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** What its page to sign in ends with. @param address of that page, as the browser was sent there @returns where the browser goes on */
  signIn(address: string, account: Account): URL {
    const asked = new URL(address).searchParams;
    const code = `code-${(this.made += 1)}`;
    this.codes.set(code, {
      account,
      challenge: asked.get('code_challenge') ?? '',
      nonce: asked.get('nonce') ?? undefined,
    });
    const back = new URL(asked.get('redirect_uri') ?? '');
    back.search = String(new URLSearchParams({ code, state: asked.get('state') ?? '' }));
    return back;
  }

  /** Renews no token of before any more. */
  endSessions(): void {
    this.sessions.clear();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const [status, body] = this.answer(
      pathname.replace(this.props.path, ''),
      searchParams,
      request,
      String(Buffer.concat(parts)),
    );
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  private answer(path: string, query: URLSearchParams, request: IncomingMessage, body: string): [number, object] {
    if (path === '/certs')
      return [200, { keys: [{ ...this.keys.publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'RS256', use: 'sig' }] }];
    if (path === '/token') return this.token(new URLSearchParams(body), request.headers.authorization ?? '');
    if (path === '/logout') {
      this.ended.push(query.get('id_token_hint') ?? '');
      return [200, {}];
    }
    return [404, { error: `nothing at ${path}` }];
  }

  private token(asked: URLSearchParams, authorization: string): [number, object] {
    const { clientId, clientSecret } = this.props;
    const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    const inBody = asked.get('client_id') === clientId && asked.get('client_secret') === clientSecret;
    if (authorization !== basic && !inBody) return [401, { error: 'invalid_client' }];
    if (asked.get('grant_type') === 'refresh_token') {
      const account = this.sessions.get(asked.get('refresh_token') ?? '');
      if (!account) return [400, { error: 'invalid_grant' }];
      this.renewals += 1;
      return [200, this.tokens(account)];
    }
    const code = asked.get('code') ?? '';
    const known = this.codes.get(code);
    const proof = createHash('sha256')
      .update(asked.get('code_verifier') ?? '')
      .digest('base64url');
    if (!known || known.challenge !== proof) return [400, { error: 'invalid_grant' }];
    this.codes.delete(code);
    return [200, this.tokens(known.account, known.nonce)];
  }

  private tokens(account: Account, nonce?: string): object {
    const refresh = `refresh-${(this.made += 1)}`;
    this.sessions.set(refresh, account);
    const now = Math.floor(Date.now() / 1000);
    const { issuer, clientId } = this.props;
    const claims = {
      iss: issuer,
      aud: clientId,
      iat: now,
      exp: now + this.tokenSeconds,
      email_verified: true,
      nonce,
      ...account,
    };
    const [id, access] = ['ID', 'Bearer'].map((typ) => this.signed({ ...claims, typ }));
    return {
      id_token: id,
      access_token: access,
      refresh_token: refresh,
      token_type: 'Bearer',
      expires_in: this.tokenSeconds,
    };
  }

  private signed(claims: object): string {
    const text = [{ alg: 'RS256', typ: 'JWT', kid: 'test' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${text}.${createSign('RSA-SHA256').update(text).sign(this.keys.privateKey, 'base64url')}`;
  }
}
