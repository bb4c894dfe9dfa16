import { Background, freePort } from '../../api/support/programs';
import type { Account, OidcProvider } from './oidc-provider';

export interface PodProps {
  /** Its arguments, with the ports of the manifests. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Path that answers with success once it is ready. */
  readonly ready: string;
  readonly cookieName: string;
  readonly provider: OidcProvider;
}

export interface Question {
  readonly cookie?: string;
  readonly accept?: string;
  /** What the request is for. */
  readonly page?: string;
}

/** The real OAuth2 Proxy on free ports of 127.0.0.1, as the gateway asks it and as browsers reach it through the gateway. */
export class OAuth2ProxyPod {
  private constructor(
    private readonly props: PodProps,
    readonly url: string,
    readonly metrics: string,
    private readonly program: Background,
  ) {}

  static async start(props: PodProps): Promise<OAuth2ProxyPod> {
    const [http, metrics] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const args = props.args.map((arg) => arg.replace('0.0.0.0:44180', metrics).replace('0.0.0.0:4180', http));
    const program = new Background('oauth2-proxy', args, { env: { PATH: process.env.PATH, ...props.env } });
    const pod = new OAuth2ProxyPod(props, `http://${http}`, `http://${metrics}`, program);
    await program.until(async () => {
      const status = await pod.status(props.ready);
      if (status !== 200) throw new Error(String(status));
    });
    return pod;
  }

  get log(): string {
    return this.program.log;
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }

  /** As the kubelet asks. */
  async status(path: string): Promise<number> {
    return (await fetch(this.url + path)).status;
  }

  /** As the gateway asks about a request for a page. @param path of the question */
  ask(path: string, { cookie = '', accept = 'text/html', page = '' }: Question = {}): Promise<Response> {
    const { protocol, host, pathname, search } = new URL(page || 'https://app.sso.hearth-fixture.dev/here?a=b%2Fc');
    const forwarded = {
      'x-forwarded-proto': protocol.slice(0, -1),
      'x-forwarded-host': host,
      'x-forwarded-uri': pathname + search,
      'x-forwarded-method': 'GET',
    };
    return fetch(this.url + path, { redirect: 'manual', headers: { ...forwarded, cookie, accept } });
  }

  /** As a browser asks for one of its own pages. */
  visit({ host, pathname, search }: URL, cookie: string): Promise<Response> {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': host, cookie };
    return fetch(this.url + pathname + search, { redirect: 'manual', headers });
  }

  /** Signs in from a page. @returns the last answer, the line by which the cookie of the session was set, and that cookie */
  async signIn(account: Account, page?: string) {
    const first = await this.ask('/', { page });
    const back = this.props.provider.signIn(first.headers.get('location') ?? '', account);
    const last = await this.visit(back, cookiesOf(first));
    const set = last.headers.getSetCookie().find((line) => line.startsWith(`${this.props.cookieName}=`)) ?? '';
    return { last, set, cookie: set.split(';', 1)[0] ?? '' };
  }
}

/** What a browser sends back of an answer. */
export const cookiesOf = (answer: Response): string =>
  answer.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0] ?? '')
    .join('; ');
