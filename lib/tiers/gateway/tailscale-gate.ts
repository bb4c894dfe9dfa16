import { z } from 'zod';
import type { Component } from '../../core/component';
import { ConfigFiles, json } from '../../core/config-files';
import { Deployment } from '../../core/controllers';
import { Credential, supplied } from '../../core/credential';
import { defineComponent } from '../../core/definition';
import { gateway } from '../../core/gateway';
import { late } from '../../core/late';
import { temporary } from '../../core/mount';
import { exec, http, tcp } from '../../core/probe';
import { images } from '../../images';
import { wholeNumber } from '../../options';
import { whenMissing } from '../../options/wording';
import { findDestination, type Destination } from './destination';
import { gateFolder, gateScript, pulse, serveFolder } from './tailscale-gate/gate-script';
import { closedConfig, openConfig } from './tailscale-gate/serve-config';

const options = z.strictObject(
  {
    to: z
      .string({ error: whenMissing('is missing; write the name of the service to publish, for example couchdb') })
      .describe('Name of the service that is published'),
    route: z.string().optional().describe('Which of its routes, where the service has several; by default the first'),
    everyone: z.boolean().default(false).describe('Publish it also where its route asks who comes, which nobody is asked here'),
    port: z
      .union([z.literal(443), z.literal(8443), z.literal(10000)], {
        error: 'Funnel has three ports only; write 443, 8443 or 10000',
      })
      .default(8443)
      .describe('Public port'),
    hostname: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
        error: 'must be lower-case letters, digits and dashes; write for example my-platform',
      })
      .optional()
      .describe('Name in the tailnet; by default the name of the platform'),
    healthPath: z
      .string()
      .regex(/^\/[A-Za-z0-9._~/?=&-]*$/, { error: 'must be a path; write for example /health' })
      .default('/')
      .describe('Path of the service that answers 2xx while it is healthy'),
    intervalSeconds: wholeNumber(30, { of: 'seconds', min: 5, max: 300 }).default(30).describe('Seconds between two checks'),
    failures: wholeNumber(3).default(3).describe('Failed checks in a row after which it is closed'),
    tags: z
      .array(z.string().regex(/^tag:[a-z][a-z0-9-]*$/, { error: 'must begin with tag:; write for example tag:gate' }))
      .default([])
      .describe('Tags of the node; the auth key must be allowed to give them'),
  },
  { error: whenMissing('is empty; write to: with the name of the service to publish') },
);

/**
 * One service on the internet by Tailscale Funnel, without a public address or an open port of one's own, and only while that
 * service is healthy. It needs an account at Tailscale. https://tailscale.com/kb/1223/funnel
 */
export const tailscaleGate = defineComponent({
  title: 'Tailscale gate, one service on the internet by Funnel',
  documentation: 'https://tailscale.com/kb/1223/funnel',
  signIn: 'nothing itself: the service that it publishes decides',
  tier: 'gateway',
  replicas: {
    why: 'it is one node of the tailnet, thus one pod',
    instead: 'remove it, or add a second service of this component',
  },
  volumes: { state: '64Mi' },
  options,
  needs: { gateway },
  build(self, { options }) {
    const { port, to, healthPath } = options;
    /** What it publishes; only a complete platform without mistakes is asked. */
    const published = (): Destination => {
      const found = destination(self, options);
      if ('message' in found) throw new Error(found.message);
      return found;
    };
    const key = new Credential(self, self.named('tailscale'), {
      keys: { authKey: supplied('auth key of the tailnet, from https://login.tailscale.com/admin/settings/keys') },
    });
    const config = new ConfigFiles(self, self.name, () => {
      const { endpoint, base, hidden } = published();
      return {
        'open.json': json(openConfig({ port, to: endpoint, base, hidden })),
        'closed.json': json(closedConfig),
        'gate.sh': gateScript,
      };
    });
    const served = temporary('served', '1Mi', 'memory');
    const tags = options.tags.length > 0 ? ` --advertise-tags=${options.tags.join()}` : '';
    const server = new Deployment(self, self.name, {
      image: images.tailscale,
      container: 'tailscale',
      command: ['/usr/local/bin/containerboot'],
      // https://tailscale.com/kb/1282/docker
      env: {
        TS_HOSTNAME: options.hostname ?? self.named(self.platform.config.name),
        // The key by its file: as TS_AUTHKEY it would be an argument of a program, which others can see.
        TS_EXTRA_ARGS: `--auth-key=file:/etc/tailscale/authKey${tags}`,
        TS_AUTH_ONCE: true,
        // A folder of its own making: it insists on one that only it can read, which the volume’s is not.
        TS_STATE_DIR: '/var/lib/tailscale/state',
        // Otherwise it keeps its state in a Secret, for which it would need rights.
        TS_KUBE_SECRET: '',
        TS_USERSPACE: true,
        TS_ACCEPT_DNS: false,
        TS_SOCKET: '/var/run/tailscale/tailscaled.sock',
        TS_SERVE_CONFIG: `${serveFolder}/serve.json`,
        TS_ENABLE_HEALTH_CHECK: true,
        TS_LOCAL_ADDR_PORT: '0.0.0.0:9002',
        TS_NO_LOGS_NO_SUPPORT: true,
        HOME: '/tmp',
      },
      ports: { health: { port: 9002, offered: false } },
      mounts: {
        '/etc/tailscale': key.files('authKey'),
        // Who it is in the tailnet, and its certificate; both can be had again.
        '/var/lib/tailscale': self.volume('state', 'none'),
        '/var/run/tailscale': temporary('socket', '1Mi', 'memory'),
        [serveFolder]: served,
        '/tmp': temporary('tmp', '16Mi'),
      },
      sidecars: {
        gate: {
          image: images.busybox,
          command: ['sh', `${gateFolder}/gate.sh`],
          staysInside: true,
          env: {
            SERVICE: to,
            INTERVAL: options.intervalSeconds,
            FAILURES: options.failures,
            HEALTH_URL: late(() => `${published().endpoint.url()}${published().base}${healthPath}`),
          },
          mounts: { [gateFolder]: config, [serveFolder]: served, '/tmp': temporary('gate-tmp', '1Mi', 'memory') },
          // A gate that hangs would leave open what it should close.
          probes: { ready: exec('sh', '-c', alive(options.intervalSeconds + 30)) },
          resources: { requests: { cpu: '5m', memory: '8Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
        },
      },
      user: { uid: 1000, gid: 1000 },
      // Only by TCP: without UDP all traffic takes the relays of Tailscale, as that of Funnel does anyway.
      internet: { why: 'Tailscale’s control servers and relays, and Let’s Encrypt for its certificate' },
      // Ready once it is part of the tailnet.
      probes: { ready: http('/healthz', 'health'), live: tcp('health'), startupSeconds: 120 },
      resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
    });
    self.whenComplete(() => {
      const found = destination(self, options);
      if ('message' in found) self.refuse([found.key], found.message);
      else self.platform.graph.connect(server, found.endpoint, `publishes ${to}`);
    });
  },
});

/** What is published, or what is wrong with the setting that names it. */
function destination(self: Component, { to, route, everyone }: z.output<typeof options>) {
  const found = findDestination(self, to, route);
  if ('message' in found) return found;
  if (found.endpoint.port.tls) {
    return {
      key: 'to',
      message: `${to} speaks TLS with a certificate of its own, which Funnel cannot check; write another service`,
    };
  }
  if (found.access === 'public' || everyone) return found;
  const asks = `${to} leaves it to the gateway to ask who comes, and nobody is asked here`;
  return { key: 'to', message: `${asks}; write a service that asks itself, or everyone: true` };
}

/** Ends with 0 when the last check began so many seconds ago at most. */
const alive = (seconds: number) => `[ $(($(date +%s) - $(stat -c %Y ${pulse}))) -le ${seconds} ]`;
