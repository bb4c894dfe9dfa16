import { z } from 'zod';
import { ConfigFiles, yaml } from '../../lib/core/config-files';
import { StatefulSet } from '../../lib/core/controllers';
import { defineComponent } from '../../lib/core/definition';
import { gateway } from '../../lib/core/gateway';
import { http } from '../../lib/core/probe';
import { HttpRoute } from '../../lib/core/route';
import { access } from '../../lib/options';
import { Bell, doorbell } from './doorbell-binding';

/** A provider that is none of hearth's: the program is made up. */
export const chime = defineComponent({
  title: 'Chime, a doorbell',
  documentation: 'https://example.org/chime',
  signIn: 'a token for each bell',
  tier: 'communication',
  volumes: { data: '1Gi' },
  options: z.strictObject({ access: access('sso') }),
  needs: { gateway },
  provides: { doorbell },
  sizes: { large: { storage: '5Gi' } },
  build(self, { options }) {
    const bells: Bell[] = [];
    const config = new ConfigFiles(self, self.name, () => ({
      'chime.yaml': yaml({ bells: bells.map(({ name }) => name).sort() }),
    }));
    const server = new StatefulSet(self, self.name, {
      image: 'registry.example.org/chime:1.2.3',
      command: ['chime', '--config=/etc/chime/chime.yaml'],
      ports: { http: 8080 },
      mounts: {
        '/etc/chime': config,
        '/var/lib/chime': self.volume('data', 'none'),
      },
      user: { uid: 1000, gid: 1000 },
      probes: { ready: http('/healthy') },
      resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '200m', memory: '64Mi' } },
    });
    new HttpRoute(self, self.name, { hosts: [self.name], to: server.endpoint('http'), access: options.access });
    return {
      doorbell: {
        bell: (name) => {
          const bell = new Bell(self, server.endpoint('http'), name);
          bells.push(bell);
          return bell;
        },
      },
    };
  },
});
