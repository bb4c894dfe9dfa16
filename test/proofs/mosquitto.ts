import { defineProof } from '../cluster/support/proof';
import type { ProofContext } from '../cluster/support/proof-context';

/**
 * A client of MQTT 5 that comes through the gateway with TLS, by port 8883 or by a WebSocket; {@link access} has the variables.
 * https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html and https://datatracker.ietf.org/doc/html/rfc6455#section-5.2
 */
const client = `
import json, os, socket, ssl

def text(value):
    return len(value.encode()).to_bytes(2, 'big') + value.encode()

class Broker:
    def __init__(self, user, password, websocket=False):
        self.websocket, self.rest = websocket, b''
        plain = socket.create_connection((host, 443 if websocket else 8883), 20)
        trusted = ssl.create_default_context(cafile='/tmp/ca.crt')
        self.socket = trusted.wrap_socket(plain, server_hostname=host)
        if websocket:
            self.socket.sendall(('GET / HTTP/1.1\\r\\nHost: %s\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n'
                'Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\n'
                'Sec-WebSocket-Protocol: mqtt\\r\\n\\r\\n' % host).encode())
            answer = b''
            while not answer.endswith(b'\\r\\n\\r\\n'):
                answer += self.socket.recv(1) or exit('no answer: %s' % answer)
            answer.startswith(b'HTTP/1.1 101 ') or exit('no WebSocket: %s' % answer)
        login = text(user) + text(password) if user else b''
        self.send(0x10, text('MQTT') + bytes([5, 0xc2 if user else 2, 0, 60, 0]) + text('') + login)
        kind, body = self.receive()
        kind == 0x20 and body[1] == 0 or exit('connection refused: %s' % body.hex())

    def send(self, kind, body):
        length = [len(body)] if len(body) < 128 else [len(body) % 128 | 128, len(body) // 128]
        packet = bytes([kind, *length]) + body
        if self.websocket:
            length = [len(packet) | 128] if len(packet) < 126 else [126 | 128, len(packet) // 256, len(packet) % 256]
            packet = bytes([0x82, *length, 0, 0, 0, 0]) + packet
        self.socket.sendall(packet)

    def exactly(self, count):
        got = b''
        while len(got) < count:
            got += self.socket.recv(count - len(got)) or exit('closed')
        return got

    def read(self, count):
        while self.websocket and len(self.rest) < count:
            length = self.exactly(2)[1]
            self.rest += self.exactly(int.from_bytes(self.exactly(2), 'big') if length == 126 else length)
        if not self.websocket:
            return self.exactly(count)
        got, self.rest = self.rest[:count], self.rest[count:]
        return got

    def receive(self):
        kind, length, shift = self.read(1)[0], 0, 0
        while True:
            byte = self.read(1)[0]
            length, shift = length | (byte & 127) << shift, shift + 7
            if byte < 128:
                return kind, self.read(length)

    def publish(self, topic, message):
        """Kept, and acknowledged: as QoS 1."""
        self.send(0x33, text(topic) + bytes([0, 1, 0]) + message.encode())
        kind, body = self.receive()
        kind == 0x40 and (len(body) < 3 or body[2] < 128) or exit('publishing refused: %s' % body.hex())

    def kept(self, end):
        """All messages that are kept, topic to text; it may publish to the topic end itself."""
        self.send(0x82, bytes([0, 2, 0]) + text('#') + bytes([0]))
        self.send(0x30, text(end) + bytes([0]) + b'end')
        found = {}
        while True:
            kind, body = self.receive()
            if kind >> 4 == 3:
                size = int.from_bytes(body[:2], 'big')
                topic, message = body[2:2 + size].decode(), body[3 + size + body[2 + size]:].decode()
                if topic == end:
                    return found
                found[topic] = message
`;

const access = async (context: ProofContext, user = 'proof') => ({
  host: context.host(context.named('mqtt')),
  user,
  password: await context.secret(`${context.service}-${user}`, 'password'),
});

/** Two messages that are kept for each name; people and devices come from outside. */
export const proof = defineProof({
  component: 'mosquitto',
  services: { mosquitto: { storage: '256Mi', users: { proof: {}, reader: { publish: ['end'], subscribe: ['#'] } } } },

  async write(context, name) {
    const script = `${client}
broker = Broker(user, password)
broker.publish('proof/%s/state' % name, 'on')
broker.publish('proof/%s/long' % name, name * 50)
`;
    await context.python(script, { ...(await access(context)), name });
  },

  async read(context) {
    const script = `${client}
found = {}
for topic, message in sorted(Broker(user, password).kept('end').items()):
    name = topic.split('/')[1]
    found[name] = found.get(name, '') + '%s: %s ' % (topic, message)
print(json.dumps(found))
`;
    return JSON.parse(await context.python(script, await access(context, 'reader'))) as Record<string, string>;
  },

  also: {
    'a WebSocket through the gateway shows the same': async (context) => {
      const script = `${client}
by_port, by_socket = [Broker(user, password, websocket=way).kept('end') for way in [False, True]]
print(json.dumps([by_port, by_socket]))
`;
      const [byPort, bySocket] = JSON.parse(await context.python(script, await access(context, 'reader'))) as object[];
      expect(Object.keys(byPort ?? {}).length).toBeGreaterThan(1);
      expect(bySocket).toEqual(byPort);
    },
    'who may not publish to a topic is told so, and nothing of it is kept': async (context) => {
      const refused = `${client}\nBroker(user, password).publish('elsewhere', 'x')\n`;
      expect(await context.failure(refused, await access(context))).toContain('publishing refused');
      const kept = `${client}\nprint('elsewhere' in Broker(user, password).kept('end'))\n`;
      expect(await context.python(kept, await access(context, 'reader'))).toBe('False');
    },
    'a user reads nothing of other topics': async (context) => {
      const script = `${client}
others = Broker('reader', other)
others.publish('end', 'of others')
print(sorted({topic.split('/')[0] for topic in Broker(user, password).kept('proof/end')}))
others.publish('end', '')
`;
      const { password: other } = await access(context, 'reader');
      expect(await context.python(script, { ...(await access(context)), other })).toBe("['proof']");
    },
    'nobody comes in without a name or with a wrong password, by either way': async (context) => {
      for (const way of ['False', 'True']) {
        for (const login of ["''", 'user']) {
          const script = `${client}\nBroker(${login}, 'guess', websocket=${way})\n`;
          expect(await context.failure(script, await access(context))).toContain('connection refused');
        }
      }
    },
    'without TLS nothing answers at its public port': async (context) => {
      const script = `import socket
plain = socket.create_connection((host, 8883), 20)
plain.sendall(bytes([0x10, 13, 0, 4]) + b'MQTT' + bytes([5, 2, 0, 60, 0, 0, 0]))
print(plain.recv(1)[:1] != bytes([0x20]))
`;
      expect(await context.python(script, await access(context))).toBe('True');
    },
    'no process shows a password': async (context) => {
      const processes = await context.processes();
      expect(processes).toContain('mosquitto');
      expect(processes).not.toContain(await context.secret(`${context.service}-proof`, 'password'));
    },
  },
});
