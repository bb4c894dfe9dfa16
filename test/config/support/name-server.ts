import { createSocket, type Socket } from 'node:dgram';

/**
 * A DNS server on 127.0.0.1 for the names that it knows. https://www.rfc-editor.org/rfc/rfc1035#section-4
 */
export class NameServer {
  /** Name → IPv4 address. */
  readonly names = new Map<string, string>();
  private constructor(private readonly socket: Socket) {}

  static async start(): Promise<NameServer> {
    const server = new NameServer(createSocket('udp4'));
    server.socket.on('message', (question, { port, address }) => {
      server.socket.send(server.answer(question), port, address);
    });
    await new Promise<void>((done) => server.socket.bind(0, '127.0.0.1', done));
    return server;
  }

  /** Address and port. */
  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  stop(): void {
    this.socket.close();
  }

  private answer(question: Buffer): Buffer {
    const labels: string[] = [];
    let end = 12;
    for (let length = question[end] ?? 0; length > 0; length = question[end] ?? 0) {
      labels.push(question.toString('latin1', end + 1, end + 1 + length));
      end += 1 + length;
    }
    const type = question.readUInt16BE(end + 1);
    const asked = question.subarray(12, end + 5);
    const known = this.names.get(labels.join('.'));
    const [ipv4, pointerToName] = [1, 0xc00c];
    const found = known !== undefined && type === ipv4;
    // An answer, recursion available; 3 says that there is no such name.
    const header = Buffer.alloc(12);
    header.writeUInt16BE(question.readUInt16BE(0), 0);
    header.writeUInt16BE(0x8180 + (known === undefined ? 3 : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(found ? 1 : 0, 6);
    if (!found) return Buffer.concat([header, asked]);
    const record = Buffer.alloc(16);
    record.writeUInt16BE(pointerToName, 0);
    record.writeUInt16BE(ipv4, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(1, 6);
    record.writeUInt16BE(4, 10);
    record.set(known.split('.').map(Number), 12);
    return Buffer.concat([header, asked, record]);
  }
}
