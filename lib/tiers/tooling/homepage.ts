import { z } from 'zod';
import { ConfigFiles, yaml } from '../../core/config-files';
import { Deployment } from '../../core/controllers';
import { defineComponent } from '../../core/definition';
import { gateway } from '../../core/gateway';
import { temporary } from '../../core/mount';
import { hostsOf } from '../../core/override-hosts';
import { http } from '../../core/probe';
import { several } from '../../core/replicas';
import { HttpRoute } from '../../core/route';
import { images } from '../../images';
import { access } from '../../options';
import { homepageTiles } from './homepage/tiles';

const id = z
  .int({ error: 'must be a whole number; write for example 1000' })
  .min(1, { error: 'must not be root; write for example 1000' });

/** Homepage, the start page: a tile for every route, grouped by tier, with the state of its pods. https://gethomepage.dev/ */
export const homepage = defineComponent({
  title: 'Homepage, the start page',
  documentation: 'https://gethomepage.dev/',
  signIn: 'nothing itself: its route decides',
  tier: 'tooling',
  replicas: several(1),
  options: z.strictObject({
    title: z.string().default('Tech Infrastructure Services').describe('Title of the page'),
    access: access('public'),
    allowedHosts: z.array(z.string()).default([]).describe('More hosts under which it may be opened'),
    puid: id.default(1000).describe('User id of the process'),
    pgid: id.default(1000).describe('Group id of the process'),
  }),
  needs: { gateway },
  build(self, { options }) {
    const { platform } = self;
    // The start page is at the domain itself; another one, at its name.
    const hosts = self.name === self.type ? ['@', 'www'] : [self.name];
    const config = new ConfigFiles(self, self.name, () => {
      const tiles = homepageTiles(platform, self);
      return {
        'settings.yaml': yaml({
          title: options.title,
          theme: 'dark',
          color: 'slate',
          headerStyle: 'clean',
          statusStyle: 'dot',
          layout: Object.fromEntries(tiles.map((group) => [Object.keys(group)[0], { style: 'row', columns: 2 }])),
        }),
        'services.yaml': yaml(tiles),
        'widgets.yaml': yaml([
          { resources: { cpu: true, memory: true, disk: '/' } },
          { search: { provider: 'duckduckgo', target: '_blank' } },
          { datetime: { format: { timeStyle: 'short', dateStyle: 'long', hour12: false } } },
        ]),
        'kubernetes.yaml': yaml({ mode: 'cluster', ingress: false }),
        'bookmarks.yaml': yaml([]),
        'docker.yaml': yaml({}),
        'proxmox.yaml': yaml({}),
        'custom.css': '',
        'custom.js': '',
      };
    });
    const pages = temporary('pages', '256Mi');
    const small = { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '500m', memory: '128Mi' } };

    const server = new Deployment(self, self.name, {
      image: images.homepage,
      command: ['node', 'server.js'],
      workingDir: '/app',
      // The image ships a page made without this configuration: have it made again.
      postStart: [
        'node',
        '-e',
        `(async () => { for (let i = 0; i < 30; i++) { try { await fetch('http://127.0.0.1:3000/api/revalidate'); return; }` +
          ` catch { await new Promise((done) => setTimeout(done, 1000)); } } })()`,
      ],
      env: {
        HOSTNAME: '0.0.0.0',
        PORT: 3000,
        LOG_TARGETS: 'stdout',
        HOMEPAGE_ALLOWED_HOSTS: [...hostsOf(self, hosts), ...options.allowedHosts].join(','),
      },
      ports: { http: 3000 },
      init: {
        pages: {
          image: images.homepage,
          command: ['sh', '-c', 'cp -r /app/.next/. /pages/'],
          mounts: { '/pages': pages },
          resources: small,
        },
      },
      mounts: { '/app/config': config, '/app/.next': pages, '/tmp': temporary('tmp', '64Mi') },
      replicas: self.replicas,
      user: { uid: options.puid, gid: options.pgid },
      kubernetes: {
        why: 'Homepage shows whether the pods behind a tile run: it lists pods in the namespaces of the platform.',
        namespaces: () => platform.tiers.map((tier) => tier.namespace),
        rules: [
          { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
          { apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['get', 'list'] },
        ],
      },
      // It answers its API to known hosts only.
      probes: { ready: http('/api/healthcheck', 'http', { Host: 'localhost:3000' }) },
      resources: { requests: { cpu: '50m', memory: '192Mi' }, limits: { cpu: '1', memory: '512Mi' } },
    });
    new HttpRoute(self, self.name, { hosts, to: server.endpoint('http'), access: options.access });
  },
});
