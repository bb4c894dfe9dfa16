import { z } from 'zod';
import { main } from '../../../cli/hearth';
import { catalogue, type Catalogue } from '../../../lib/catalogue';
import { Component } from '../../../lib/core/component';
import { StatefulSet } from '../../../lib/core/controllers';
import type { Platform } from '../../../lib/core/platform';
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

class Notes extends Component {
  constructor(platform: Platform) {
    super(platform, 'rustdesk');
    new StatefulSet(this, 'notes', {
      image: images.busybox,
      command: ['sh', '-c', script],
      mounts: { '/data': new Volume('data', { size: '64Mi', backup: { priority: 'medium', method: 'archive' } }) },
      user: { uid: 1000, gid: 1000 },
      probes: { ready: exec('test', '-s', '/data/open') },
      resources: { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '200m', memory: '32Mi' } },
    });
  }
}

const { rustdesk } = catalogue;
if (!rustdesk) throw new Error('the catalogue has no rustdesk');
const withNotes: Catalogue = {
  ...catalogue,
  rustdesk: { ...rustdesk, needs: [], options: z.unknown(), build: (platform) => new Notes(platform) },
};

void main(withNotes);
