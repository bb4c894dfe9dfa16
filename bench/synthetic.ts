import { z } from 'zod';
import { buildPlatform } from '../lib/build-platform';
import { catalogue } from '../lib/catalogue';
import { parsePlatform } from '../lib/config/load';
import { ConfigFiles } from '../lib/core/config-files';
import { Deployment } from '../lib/core/controllers';
import { defineComponent } from '../lib/core/definition';
import type { Endpoint } from '../lib/core/endpoint';
import { gateway } from '../lib/core/gateway';
import { manifests, writeFolder } from '../lib/core/manifest-writer';
import { needFor } from '../lib/core/need';
import { http } from '../lib/core/probe';
import { HttpRoute } from '../lib/core/route';
import { tiers, type TierName } from '../lib/core/tier';
import { images } from '../lib/images';

/** Objects that one synthetic service becomes: ConfigMap, Service, Deployment, NetworkPolicy, IngressRoute. */
const objectsOfService = 5;

const link = needFor<Endpoint>('link', 'a link');

/** A program with a configuration file and a route, which uses the service before it. */
const linkIn = (tier: TierName) =>
  defineComponent({
    title: `Link of tier ${tier}`,
    documentation: 'https://kubernetes.io/docs/',
    signIn: 'nothing',
    tier,
    options: z.strictObject({ first: z.boolean().default(false) }),
    needs: { gateway, link },
    provides: { link },
    build(self, given) {
      const before = given.options.first ? undefined : given.link;
      const { name } = self;
      const config = new ConfigFiles(self, name, { 'settings.json': JSON.stringify({ name, before: before?.url() }) });
      const server = new Deployment(self, name, {
        image: images.busybox,
        env: { NAME: name },
        ports: { http: 8080 },
        mounts: { '/etc/link': config },
        uses: before ? [{ endpoint: before, why: 'asks' }] : [],
        user: { uid: 1000, gid: 1000 },
        probes: { ready: http('/') },
        resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
      });
      new HttpRoute(self, name, { hosts: [name], to: server.endpoint('http'), access: 'public' });
      return { link: server.endpoint('http') };
    },
  });

/** Writes a platform of about that many objects into a folder: `synthetic.ts OBJECTS FOLDER`. */
function synthesize(objects: number, folder: string): void {
  const tierNames = Object.keys(tiers) as TierName[];
  const links = tierNames.map((tier) => [tier, linkIn(tier)] as const);
  const config = parsePlatform(
    'name: synthetic\ndomain: synthetic.localhost\ncluster: kubernetes\nservices: { traefik: {} }\n',
    'synthetic.yaml',
  );
  const services = Array.from({ length: Math.round(objects / objectsOfService) }, (_, i) => [
    `link-${i}`,
    {
      component: tierNames[i % tierNames.length] ?? 'apps',
      options: { first: i === 0 },
      uses: i === 0 ? {} : { link: `link-${i - 1}` },
    },
  ]);
  const platform = buildPlatform(
    { ...config, services: { ...config.services, ...Object.fromEntries(services) } },
    { ...catalogue, ...Object.fromEntries(links.map(([tier, definition]) => [tier, () => definition])) },
  );
  writeFolder(folder, manifests(platform));
}

synthesize(Number(process.argv[2]), process.argv[3] ?? '');
