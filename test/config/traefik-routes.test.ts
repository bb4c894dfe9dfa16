import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect, type SecureVersion } from 'node:tls';
import { makeValue } from '../../cli/credentials/values';
import { privateKey, selfSignedCertificate } from '../../lib/core/credential';
import { HttpRoute, type Route } from '../../lib/core/route';
import { signIn } from '../../lib/core/sign-in';
import type { Workload } from '../../lib/core/workload';
import { ApiServer } from '../api/support/api-server';
import { build, objectsOf, platformFiles, root, suppliedValues, Workspace } from '../api/support/platforms';
import { apiServerNeeds, findProgram, succeed, suiteWith } from '../api/support/programs';
import { Traefik } from '../api/support/traefik';
import { all } from '../support/objects';

const suite = suiteWith('test/config/traefik-routes', {
  ...apiServerNeeds(),
  'traefik on PATH': findProgram('traefik'),
});

interface Router {
  readonly entryPoints: string[];
  readonly service: string;
  readonly rule: string;
  readonly status: string;
  readonly middlewares?: string[];
}
interface Service {
  readonly status: string;
  readonly loadBalancer?: { readonly servers: { readonly url?: string; readonly address?: string }[] };
}
/** What Traefik made of everything that it read. */
interface RawData {
  readonly routers: Record<string, Router>;
  readonly services: Record<string, Service>;
  readonly tcpRouters?: Record<string, Router>;
  readonly tcpServices?: Record<string, Service>;
}

/** Platforms with a Traefik of their own, and Secrets that the credentials command makes. */
const sources = platformFiles().filter((source) => {
  const { gateway, secrets, tls } = build(source).config;
  return gateway === 'standalone' && secrets === 'cluster' && tls.mode !== 'cert-manager';
});

suite('Traefik with the API server', () => {
  let server: ApiServer;
  beforeAll(async () => {
    server = await ApiServer.start();
  });
  afterAll(() => server?.stop());

  /** Its configuration as generated, and its service account with exactly the generated rights. */
  describe.each(sources.map((source) => [source.name, source] as const))('of the platform %s', (name, source) => {
    const platform = build(source);
    const { tls, namespacePrefix } = platform.config;
    const gateway = `${namespacePrefix}-gateway`;
    const objects = objectsOf(platform);
    const { routes } = platform.graph;
    const addresses = addressesOf(routes);
    let workspace: Workspace;
    let traefik: Traefik;
    let password: string;
    let data: RawData;
    /** The certificate that clients get to see; undefined where none can be had. */
    let ca: string | undefined;

    const secret = async (namespace: string, secretName: string, key: string) => {
      const template = `--output=go-template={{index .data "${key}" | base64decode}}`;
      return server.kubectl(['get', 'secret', secretName, `--namespace=${namespace}`, template]);
    };
    const create = (...manifests: object[]) =>
      server.kubectl(['create', '--validate=strict', '-f', '-'], {
        input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }),
      });
    const token = async (serviceAccount: string) =>
      (await server.kubectl(['create', 'token', serviceAccount, `--namespace=${gateway}`])).trim();
    const rawData = async () => {
      const { status, body } = await traefik.get('traefik', 'localhost', '/api/rawdata');
      if (status !== 200) throw new Error(`/api/rawdata answers ${status}`);
      const found = JSON.parse(body) as RawData;
      if (!Object.keys(found.routers).some(isOurs)) throw new Error('it has read no routes yet');
      return found;
    };

    beforeAll(async () => {
      workspace = new Workspace(source);
      const options = { cwd: workspace.folder };
      await server.kubectl(['apply', '--server-side', '-f', `dist/${name}/00-cluster`], options);
      await succeed(process.execPath, [join(root, 'cli/hearth.js'), 'credentials', name], {
        ...options,
        env: {
          ...process.env,
          KUBECONFIG: server.kubeconfig,
          ...suppliedValues(platform),
        },
      });
      await server.kubectl(['apply', '--server-side', '-R', '-f', `dist/${name}`], options);
      if (tls.mode === 'secret') await create(await ownCertificate(tls.secret, gateway, platform.config.domain));
      await create(...[...addresses].map(([workload, address]) => endpointSlice(workload, address)));
      password = await secret(gateway, 'gateway-basic-auth', 'password');
      if (tls.mode !== 'lets-encrypt') {
        ca = await secret(gateway, tls.mode === 'secret' ? tls.secret : 'gateway-tls', 'tls.crt');
      }
      traefik = await Traefik.standalone(objects, server.writeKubeconfig(`traefik-${name}`, await token('traefik')));
      data = await traefik.until(rawData);
    });

    afterAll(async () => {
      await traefik?.stop();
      // On kind its node ports are the same for every platform.
      await server.kubectl(['delete', 'service', 'traefik-public', `--namespace=${gateway}`, '--ignore-not-found']);
      workspace?.remove();
    });

    test('every rule leads from its entry point to the port of its workload, and there are no others', () => {
      const port = (namespace: string, service: string, portName = '') => {
        const workload = platform.graph.workloads.find((w) => w.namespace === namespace && w.name === service);
        return workload && `${addresses.get(workload)}:${workload.endpoint(portName).port.port}`;
      };
      const expected = [...all(objects, 'IngressRoute'), ...all(objects, 'IngressRouteTCP')].flatMap(
        ({ metadata: { namespace, name: route }, spec }) =>
          spec.routes.map(({ match, middlewares = [], services }) => ({
            route: `${namespace}-${route}`,
            rule: match,
            entryPoints: spec.entryPoints,
            status: 'enabled',
            middlewares: middlewares.map((middleware) => `${namespace}-${middleware.name}@kubernetescrd`),
            to: services.map((service) =>
              service.kind === 'TraefikService' ? service.name : port(namespace, service.name, service.port),
            ),
          })),
      );
      expect(arrivals(data)).toEqual(expected.sort(byRule));
      expect(routes.every((route) => expected.some((e) => e.route === idOf(route)))).toBe(true);
    });

    test('routes with a password refuse requests without and with a wrong one', async () => {
      const guarded = routes.filter((route) => route instanceof HttpRoute && route.access === 'basic');
      expect(guarded.length > 0 || platform.has(signIn)).toBe(true);
      for (const host of guarded.flatMap((route) => route.hosts)) {
        for (const auth of [undefined, 'admin:wrong', `other:${password}`]) {
          expect(await traefik.get('websecure', host, '/', { auth, tls: { ca } })).toMatchObject({ status: 401 });
        }
      }
    });

    test('300 requests of one client at once: 100 a second and 50 more get an answer, the others are told to wait; all have the headers', async () => {
      const host = routes.find((route) => route instanceof HttpRoute && route.access === 'basic')?.hosts[0];
      if (host === undefined) return expect(platform.has(signIn)).toBe(true);
      // The bucket is full again.
      await setTimeout(1_000);
      const start = Date.now();
      const answers = await Promise.all(Array.from({ length: 300 }, () => traefik.get('websecure', host, '/', { tls: { ca } })));
      const seconds = (Date.now() - start) / 1_000;
      const passed = answers.filter(({ status }) => status === 401).length;
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(300 - passed);
      // What was in the bucket, and what dripped into it meanwhile.
      expect(passed).toBeGreaterThanOrEqual(50);
      expect(passed).toBeLessThanOrEqual(50 + Math.ceil(100 * seconds) + 1);
      for (const { headers } of answers) {
        expect(headers).toMatchObject({
          'x-content-type-options': 'nosniff',
          'x-frame-options': 'SAMEORIGIN',
          'referrer-policy': 'strict-origin-when-cross-origin',
        });
      }
    });

    test('TLS 1.1 is refused, 1.2 is spoken', async () => {
      const host = routes.find((route) => route instanceof HttpRoute)?.hosts[0] ?? '';
      const port = traefik.ports.websecure ?? 0;
      await expect(shakeHands(host, port, ca, undefined, 'TLSv1.1')).rejects.toThrow(/protocol version/);
      await shakeHands(host, port, ca, undefined, 'TLSv1.2');
    });

    test('every host name gets the certificate of the platform', async () => {
      const hosts = routes.flatMap(({ hosts, entryPoint }) =>
        hosts.map((host) => [host, traefik.ports[entryPoint?.name ?? 'websecure'] ?? 0] as const),
      );
      for (const [host, port] of hosts) await shakeHands(host, port, ca);
    });

    test('PostgreSQL clients that speak TLS from the first byte are understood', async () => {
      const tcp = routes.filter((route) => route.entryPoint?.name === 'postgres');
      for (const host of tcp.flatMap((route) => route.hosts)) {
        // https://www.postgresql.org/docs/17/protocol-flow.html: sslnegotiation=direct asks for this protocol
        expect(await shakeHands(host, traefik.ports.postgres ?? 0, ca, ['postgresql'])).toBe('postgresql');
      }
    });

    test('its rights suffice, and it finds all that it is told to use', () => {
      // No issuer of certificates can be reached.
      expect(traefik.errors.filter((line) => tls.mode !== 'lets-encrypt' || !/acme/i.test(line))).toEqual([]);
      expect(traefik.log).not.toMatch(/forbidden/i);
    });

    test('without them it would complain', async () => {
      await create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'powerless', namespace: gateway } });
      const kubeconfig = server.writeKubeconfig(`powerless-${name}`, await token('powerless'));
      const powerless = await Traefik.standalone(objects, kubeconfig);
      try {
        await powerless.until(async () => expect(powerless.log).toMatch(/forbidden/));
      } finally {
        await powerless.stop();
      }
    });
  });
});

const idOf = ({ component, name }: Route) => `${component.tier.namespace}-${name}`;

/** An address for each workload that a route leads to, as no controller gives any. */
function addressesOf(routes: readonly Route[]): Map<Workload, string> {
  const workloads = new Set(routes.flatMap(({ to }) => to?.workload ?? []));
  return new Map([...workloads].map((workload, i) => [workload, `198.18.0.${i + 1}`]));
}

/** What the endpoint controller would write for a ready pod. */
function endpointSlice({ name, namespace, ports }: Workload, address: string): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-slice`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: ports.map((port) => ({ name: port.name, port: port.port, protocol: port.protocol })),
  };
}

const byRule = (a: { route: string; rule: string }, b: { route: string; rule: string }) =>
  `${a.route} ${a.rule}` < `${b.route} ${b.rule}` ? -1 : 1;

const isOurs = (router: string) => router.endsWith('@kubernetescrd');

/** What became of the rules in Traefik. */
function arrivals({ routers, services, tcpRouters = {}, tcpServices = {} }: RawData) {
  return Object.entries({ ...routers, ...tcpRouters })
    .filter(([name]) => isOurs(name))
    .map(([name, { rule, entryPoints, status, service, middlewares = [] }]) => {
      const servers = { ...services, ...tcpServices }[`${service}@kubernetescrd`]?.loadBalancer?.servers ?? [];
      return {
        route: name.replace(/-[0-9a-f]{20}@kubernetescrd$/, ''),
        rule,
        entryPoints,
        status,
        middlewares,
        to: service.endsWith('@internal')
          ? [service]
          : servers.map(({ url, address }) => url?.replace(/^https?:\/\//, '') ?? address),
      };
    })
    .sort(byRule);
}

/** A Secret as an operator with an own certificate brings it. */
async function ownCertificate(name: string, namespace: string, domain: string): Promise<object> {
  const key = await makeValue(privateKey());
  const certificate = await makeValue(selfSignedCertificate([domain, `*.${domain}`], 'tls.key'), key);
  const stringData = { 'tls.key': key, 'tls.crt': certificate };
  return { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name, namespace }, stringData };
}

/**
 * Opens TLS as a client of that host; with a certificate it must be the one that the server shows.
 * @returns the protocol that both chose (ALPN)
 */
function shakeHands(
  host: string,
  port: number,
  ca?: string,
  ALPNProtocols?: string[],
  version?: SecureVersion,
): Promise<string | false | null> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      servername: host,
      ca,
      rejectUnauthorized: ca !== undefined,
      ...(version ? { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } : {}),
    };
    const socket = connect({ ...options, ALPNProtocols }, () => {
      resolve(socket.alpnProtocol);
      socket.destroy();
    });
    socket.on('error', (error) => reject(new Error(`${host}: ${error.message}`)));
  });
}
