import type { Binding } from '../core/binding';
import type { ContainerProps } from '../core/container';
import type { Endpoint } from '../core/endpoint';
import { images } from '../images';

/** What a program does once it can be used, as busybox can see it: no client of its own is started, which for a JVM takes seconds. */
export type Answer =
  /** A GET of this path answers 2xx. */
  | { readonly path: string }
  /** It sends these bytes to whoever connects, or to whoever first sends others. */
  | { readonly send?: string | Uint8Array; readonly begins: string | Uint8Array };

/** Another program, used once it answers as it should: its port may be open long before. */
export class Answering implements Binding {
  readonly wait: ContainerProps & { readonly name: string };

  constructor(
    readonly endpoint: Endpoint,
    readonly why: string,
    answer: Answer,
  ) {
    const { name } = endpoint.workload;
    this.wait = 'path' in answer ? waitForPage(name, endpoint.url() + answer.path) : waitFor(name, bytes(endpoint, answer));
  }
}

/**
 * A container that waits until a GET of an address inside the cluster answers 2xx. Nothing secret is sent, and busybox looks at no
 * certificate. @param name of who is waited for
 */
export const waitForPage = (name: string, url: string): ContainerProps & { readonly name: string } =>
  waitFor(name, `timeout 5 wget -q -O /dev/null ${url}`);

const waitFor = (name: string, condition: string): ContainerProps & { readonly name: string } => ({
  name,
  image: images.busybox,
  command: ['sh', '-c', `until ${condition}; do sleep 3; done`],
  resources: { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
});

/** Compared as hexadecimal digits, since a shell keeps no zero bytes. */
function bytes({ host, port, workload }: Endpoint, answers: Extract<Answer, { begins: unknown }>): string {
  const { send = '', begins } = answers;
  if (port.tls) throw new Error(`port ${port.name} of ${workload.name} speaks TLS, of which only a path can be asked here`);
  const expected = Buffer.from(begins);
  // The program is given a moment to answer before the connection is closed.
  const sent = `{ printf '${[...Buffer.from(send)].map(octal).join('')}'; sleep 2; }`;
  const answer = `timeout 5 nc ${host} ${port.service} | head -c ${expected.length} | od -An -v -tx1 | tr -d ' \\n'`;
  return `[ "$(${sent} | ${answer})" = ${expected.toString('hex')} ]`;
}

const octal = (byte: number): string => `\\${byte.toString(8).padStart(3, '0')}`;
