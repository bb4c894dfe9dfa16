import { z } from 'zod';
import { Started } from '../../bindings/started';
import { archived } from '../../core/backup';
import { Deployment, StatefulSet } from '../../core/controllers';
import { Credential, ed25519PrivateKey, ed25519PublicKey } from '../../core/credential';
import { defineComponent } from '../../core/definition';
import { gateway } from '../../core/gateway';
import { hostOf } from '../../core/override-hosts';
import { tcp } from '../../core/probe';
import { HttpRoute } from '../../core/route';
import { images } from '../../images';

/**
 * RustDesk server: the rendezvous server hbbs and the relay hbbr, which share one key pair. Clients enter the domain and
 * the public key. Its ports are public beside the gateway, since hbbs must see the addresses of its clients.
 * https://rustdesk.com/docs/en/self-host/
 */
export const rustdesk = defineComponent({
  title: 'RustDesk server, remote desktop',
  documentation: 'https://rustdesk.com/docs/en/self-host/',
  signIn: 'clients must hold the server’s public key; each controlled computer asks for its own password',
  keeps: 'which clients are known, in a backup as an archive of the volume, for which it is stopped',
  tier: 'tooling',
  replicas: { why: 'it is one pod, since it notes its clients in a file on its volume' },
  volumes: { data: '1Gi' },
  single: 'clients expect it at fixed ports',
  options: z.strictObject({
    alwaysUseRelay: z.boolean().default(true).describe('Clients never connect directly, always through the relay'),
  }),
  needs: { gateway },
  build(self, { options }) {
    const host = hostOf(self, self.name);
    const data = self.volume('data', archived('medium'));
    const keyPair = new Credential(self, self.name, {
      keys: { id_ed25519: ed25519PrivateKey(), 'id_ed25519.pub': ed25519PublicKey('id_ed25519') },
      // Every client has noted the public key.
      storedIn: data,
    });
    // Both programs read the key from their working directory; `_` makes hbbr ask for it.
    const shared = {
      image: images.rustdesk,
      workingDir: '/etc/rustdesk',
      user: { uid: 1000, gid: 1000 },
      resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { cpu: '1', memory: '256Mi' } },
    };
    const keys = { '/etc/rustdesk': keyPair.files('id_ed25519') };

    const relay = new Deployment(self, self.named('hbbr'), {
      ...shared,
      command: ['/usr/bin/hbbr', '-k', '_'],
      ports: { relay: { port: 21117, public: 21117 }, websocket: { port: 21119, public: 21119 } },
      mounts: keys,
      probes: { ready: tcp('relay') },
    });
    const rendezvous = new StatefulSet(self, self.named('hbbs'), {
      ...shared,
      command: ['/usr/bin/hbbs', '-r', `${host}:21117`, '-k', '_'],
      env: { ALWAYS_USE_RELAY: options.alwaysUseRelay ? 'Y' : 'N', DB_URL: '/data/db_v2.sqlite3' },
      ports: {
        'nat-test': { port: 21115, public: 21115 },
        id: { port: 21116, public: 21116 },
        'id-udp': { port: 21116, public: 21116, protocol: 'UDP' },
        websocket: { port: 21118, public: 21118 },
      },
      mounts: { ...keys, '/data': data },
      uses: [new Started(relay.endpoint('relay'), 'starts after the relay')],
      probes: { ready: tcp('id') },
    });
    new HttpRoute(self, self.name, {
      hosts: [self.name],
      to: rendezvous.endpoint('websocket'),
      access: 'public',
      tile: {
        title: 'RustDesk',
        description: 'Remote desktop: WebSocket of the rendezvous server',
        icon: 'rustdesk.png',
      },
    });
    new HttpRoute(self, `${self.name}-relay`, {
      hosts: [self.name],
      path: '/ws/relay',
      to: relay.endpoint('websocket'),
      access: 'public',
    });
  },
});
