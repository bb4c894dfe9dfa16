import { z } from 'zod';
import { main } from '../../../cli/hearth';
import { catalogue } from '../../../lib/catalogue';
import { archived } from '../../../lib/core/backup';
import { StatefulSet } from '../../../lib/core/controllers';
import { defineComponent } from '../../../lib/core/definition';
import { exec } from '../../../lib/core/probe';
import { Volume } from '../../../lib/core/volume';
import { images } from '../../../lib/images';

/**
 * A program whose files are only whole while it is stopped, in the place of RustDesk: it writes to `open`, and at its end
 * that becomes `closed`.
 */
const script = `
trap 'mv open closed; exit 0' TERM
cd /data
[ ! -e open ] || touch damaged
[ ! -e closed ] || mv closed open
while sleep 0.2; do echo note >> open; done
`;

const notes = defineComponent({
  title: 'Notes',
  documentation: 'https://www.busybox.net/',
  signIn: 'nobody comes to it',
  tier: 'tooling',
  options: z.looseObject({}),
  build(self) {
    new StatefulSet(self, 'notes', {
      image: images.busybox,
      command: ['sh', '-c', script],
      mounts: { '/data': new Volume('data', { size: '64Mi', backup: archived('medium') }) },
      user: { uid: 1000, gid: 1000 },
      probes: { ready: exec('test', '-s', '/data/open') },
      resources: { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '200m', memory: '32Mi' } },
    });
  },
});

void main({ ...catalogue, rustdesk: () => notes });
