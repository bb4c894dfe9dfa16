import { z } from 'zod';
import { catalogue, type Catalogue, type CatalogueEntry } from '../lib/catalogue';
import { parsePlatform } from '../lib/config/load';
import { Component } from '../lib/core/component';
import { ConfigFiles } from '../lib/core/config-files';
import { Deployment } from '../lib/core/controllers';
import { manifests, writeFolder } from '../lib/core/manifest-writer';
import { buildPlatform } from '../lib/build-platform';
import type { Platform } from '../lib/core/platform';
import { http } from '../lib/core/probe';
import { HttpRoute } from '../lib/core/route';
import { tiers, type TierName } from '../lib/core/tier';
import { images } from '../lib/images';

/** Objects that one synthetic service becomes: ConfigMap, Service, Deployment, NetworkPolicy, IngressRoute. */
const objectsOfService = 5;

const links = new Map<string, Link>();

/** A program with a configuration file and a route, which uses the service before it. */
class Link extends Component {
  readonly server: Deployment;

  constructor(platform: Platform, name: string, before: string | undefined) {
    super(platform, name);
    if (before !== undefined) platform.component(before);
    const used = before === undefined ? undefined : links.get(before);
    links.set(name, this);
    const config = new ConfigFiles(this, name, { 'settings.json': JSON.stringify({ name, before }) });
    this.server = new Deployment(this, name, {
      image: images.busybox,
      env: { NAME: name },
      ports: { http: 8080 },
      mounts: { '/etc/link': config },
      uses: used ? [{ endpoint: used.server.endpoint('http'), why: 'asks' }] : [],
      user: { uid: 1000, gid: 1000 },
      probes: { ready: http('/') },
      resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
    });
    new HttpRoute(this, name, { hosts: [name], to: this.server.endpoint('http'), access: 'public' });
  }
}

/** Writes a platform of about that many objects into a folder: `synthetic.ts OBJECTS FOLDER`. */
function synthesize(objects: number, folder: string): void {
  const names = Array.from({ length: Math.round(objects / objectsOfService) }, (_, i) => `link-${i}`);
  const tierNames = Object.keys(tiers) as TierName[];
  const entry = (name: string, i: number): CatalogueEntry => ({
    title: name,
    documentation: '',
    signIn: '',

    tier: tierNames[i % tierNames.length] ?? 'apps',
    options: z.unknown(),
    needs: ['gateway'],
    provides: [],
    build: (platform) => new Link(platform, name, names[i - 1]),
  });
  const entries: Catalogue = Object.fromEntries(names.map((name, i) => [name, entry(name, i)]));
  const config = parsePlatform(
    'name: synthetic\ndomain: synthetic.localhost\ncluster: kubernetes\nservices: { traefik: {} }\n',
    'synthetic.yaml',
  );
  const services = { ...config.services, ...Object.fromEntries(names.map((name) => [name, {}])) };
  const platform = buildPlatform({ ...config, services }, { ...catalogue, ...entries });
  writeFolder(folder, manifests(platform));
}

synthesize(Number(process.argv[2]), process.argv[3] ?? '');
