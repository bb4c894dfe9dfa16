import { Agent, request, type RequestOptions } from 'node:https';
import { connect, type ConnectionOptions } from 'node:tls';
import { kubectlJson } from './kubectl';

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** The gateway as the world reaches it: by a port of a node on which it runs. */
export class PublicGateway {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 50 });

  private constructor(
    private readonly host: string,
    private readonly port: number,
    /** Certificate by which it is known. */
    private readonly ca: string,
  ) {}

  /** @param namespace of Traefik @param ca its certificate */
  static async find(namespace: string, ca: string): Promise<PublicGateway> {
    const { items } = await kubectlJson<{ items: { status: { hostIP?: string } }[] }>([
      'get',
      'pods',
      `--namespace=${namespace}`,
      '--selector=app.kubernetes.io/instance=traefik',
    ]);
    const service = await kubectlJson<{ spec: { ports: { port: number; nodePort?: number }[] } }>([
      'get',
      'service',
      'traefik-public',
      `--namespace=${namespace}`,
    ]);
    const host = items.find(({ status }) => status.hostIP)?.status.hostIP;
    const port = service.spec.ports.find((candidate) => candidate.port === 443)?.nodePort;
    if (!host || !port) throw new Error(`no node port leads to Traefik in ${namespace}`);
    return new PublicGateway(host, port, ca);
  }

  /** `address:port` of HTTPS */
  get address(): string {
    return `${this.host}:${this.port}`;
  }

  /** Asks for a page, without following redirects. @param url its host name is found by nobody but the gateway */
  get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { hostname, pathname, search } = new URL(url);
    const { host, port, ca, agent } = this;
    const options: RequestOptions = {
      host,
      port,
      ca,
      agent,
      servername: hostname,
      path: `${pathname}${search}`,
      headers: { Accept: 'text/html', ...headers, Host: hostname },
      timeout: 20_000,
    };
    return new Promise((resolve, reject) => {
      const asked = request(options, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => (body += text));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      });
      asked.on('timeout', () => asked.destroy(new Error(`${url}: no answer within 20 s`)));
      asked.on('error', reject);
      asked.end();
    });
  }

  /** The protocol that both sides agree on, or the code of the error. */
  tls(hostname: string, options: ConnectionOptions): Promise<string> {
    const { host, port, ca } = this;
    return new Promise((resolve) => {
      // By its default security level, OpenSSL would not even ask for old protocols.
      const ciphers = 'DEFAULT@SECLEVEL=0';
      const socket = connect({ host, port, ca, servername: hostname, ciphers, ...options }, () => {
        resolve(socket.getProtocol() ?? 'none');
        socket.destroy();
      });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
