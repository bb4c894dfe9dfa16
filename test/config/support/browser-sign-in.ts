import { createHash, randomBytes } from 'node:crypto';

/** The tokens' contents that a test looks at. */
export interface Claims {
  readonly iss: string;
  readonly aud: string | string[];
  readonly groups?: string[];
  readonly preferred_username?: string;
}

export interface SignInProps {
  /** Where Keycloak is reached here. */
  readonly url: string;
  /** Where browsers know it. */
  readonly publicUrl: string;
  readonly realm: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** @default true */
  readonly pkce?: boolean;
}

/** A browser that comes through the gateway to the pages of Keycloak, with cookies and without scripts. */
export class BrowserSignIn {
  /** Path and name → value. */
  private readonly cookies = new Map<string, { path: string; name: string; value: string }>();
  private readonly verifier = randomBytes(32).toString('base64url');

  constructor(private readonly props: SignInProps) {}

  /** Asks for the page to sign in. @returns where the browser is sent, or the page */
  async open(): Promise<{ location: string; page: string }> {
    const { realm, clientId, redirectUri, publicUrl, pkce = true } = this.props;
    const challenge = createHash('sha256').update(this.verifier).digest('base64url');
    const query = new URLSearchParams({
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid email profile',
      state: 'x',
      ...(pkce ? { code_challenge: challenge, code_challenge_method: 'S256' } : {}),
    });
    return this.ask(`${publicUrl}/realms/${realm}/protocol/openid-connect/auth?${query}`);
  }

  /** Fills in the form of a page. */
  async submit(page: string, fields: Record<string, string>): Promise<{ location: string; page: string }> {
    const action = /action="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&');
    if (!action) throw new Error(`no form in ${page.slice(0, 2000)}`);
    return this.ask(action, { method: 'POST', body: new URLSearchParams(fields) });
  }

  /** From the first page to what the browser comes back with. */
  async signIn(username: string, password: string): Promise<{ location: string; page: string }> {
    const { page } = await this.open();
    return this.submit(page, { username, password, credentialId: '' });
  }

  /** Chooses a broker on the page to sign in. @returns the page of the broker */
  async choose(broker: string): Promise<{ location: string; page: string }> {
    const { page } = await this.open();
    const link = new RegExp(`href="([^"]*/broker/${broker}/login[^"]*)"`).exec(page)?.[1]?.replaceAll('&amp;', '&');
    if (!link) throw new Error(`no ${broker} in ${page.slice(0, 2000)}`);
    return this.follow({ location: new URL(link, this.props.publicUrl).href, page: '' });
  }

  /** Goes where the browser is sent, as long as that is Keycloak. */
  async follow(answer: { location: string; page: string }): Promise<{ location: string; page: string }> {
    let step = answer;
    while (step.location.startsWith(this.props.publicUrl)) step = await this.ask(step.location);
    return step;
  }

  /** What the program gets for that, where it asks inside the cluster. */
  async tokens(location: string, clientSecret: string): Promise<{ id: Claims; access: Claims; userInfo: Claims }> {
    const { url, realm, clientId, redirectUri } = this.props;
    const code = new URL(location).searchParams.get('code');
    if (!code) throw new Error(`no code in ${location}`);
    const base = `${url}/realms/${realm}/protocol/openid-connect`;
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      client_id: clientId,
      client_secret: clientSecret,
      code_verifier: this.verifier,
    });
    const response = await fetch(`${base}/token`, { method: 'POST', body });
    if (!response.ok) throw new Error(await response.text());
    const { id_token, access_token } = (await response.json()) as { id_token: string; access_token: string };
    const userInfo = await fetch(`${base}/userinfo`, { headers: { authorization: `Bearer ${access_token}` } });
    return { id: claims(id_token), access: claims(access_token), userInfo: (await userInfo.json()) as Claims };
  }

  private async ask(address: string, init: RequestInit = {}): Promise<{ location: string; page: string }> {
    const { url, publicUrl } = this.props;
    if (!address.startsWith(publicUrl)) throw new Error(`${address} is not public`);
    const { pathname } = new URL(address);
    const cookies = [...this.cookies.values()].filter(({ path }) => pathname.startsWith(path));
    const response = await fetch(address.replace(publicUrl, url), {
      ...init,
      redirect: 'manual',
      headers: {
        cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
        'x-forwarded-proto': 'https',
        'x-forwarded-host': new URL(publicUrl).host,
        'x-forwarded-port': '443',
      },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      const [, path = '/'] = /;\s*path=([^;]*)/i.exec(cookie) ?? [];
      this.cookies.set(`${path} ${name}`, { path, name, value });
    }
    return { location: response.headers.get('location') ?? '', page: await response.text() };
  }
}

const claims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims;
