import { buildPlatform } from '../../../lib/build-platform';
import { catalogue } from '../../../lib/catalogue';
import { parsePlatform } from '../../../lib/config/load';
import { Deployment } from '../../../lib/core/controllers';
import { HttpRoute } from '../../../lib/core/route';
import { lab, refused } from '../../support/lab';
import { container, envOf, find, objectsOf } from '../../support/objects';
import { definitionOf, problems, sleeper } from '../../support/platforms';

const base = ['traefik: {}', 'minio: {}', 'postgis: {}'];
const matchOf = (services: string[], name: string) =>
  find(objectsOf(lab(...services)), 'IngressRoute', name).spec.routes[0]?.match;

test('other names take the place of those of the route, and the first is its address', () => {
  const services = [...base, 'mlflow: { hosts: [models, mlflow] }'];
  const platform = lab(...services);
  expect(matchOf(services, 'mlflow')).toContain('Host(`models.lab.home.arpa`) || Host(`mlflow.lab.home.arpa`)');
  const urls = platform.graph.routes.flatMap((route) => (route instanceof HttpRoute ? route.url : []));
  expect(urls).toContain('https://models.lab.home.arpa/');
});

test('MLflow answers to them', () => {
  const pod = find(objectsOf(lab(...base, 'mlflow: { hosts: [models, runs] }')), 'Deployment', 'mlflow').spec.template;
  const env = envOf(container(pod, 'mlflow'));
  expect(env.MLFLOW_SERVER_ALLOWED_HOSTS).toMatch(/^models\.lab\.home\.arpa,runs\.lab\.home\.arpa,/);
  expect(env.MLFLOW_SERVER_CORS_ALLOWED_ORIGINS).toBe('https://models.lab.home.arpa,https://runs.lab.home.arpa');
});

test('of several routes each by its own name, and those of the same name together', () => {
  const services = [...base, 'qdrant: { hosts: { qdrant: ["@"] } }'];
  expect(matchOf(services, 'qdrant')).toBe('Host(`lab.home.arpa`)');
  const s3 = ['traefik: {}', 'minio: { hosts: { minio-api: [s3] } }'];
  expect(matchOf(s3, 'minio-api')).toBe('Host(`s3.lab.home.arpa`)');
  expect(matchOf(s3, 'minio')).toBe('Host(`minio.lab.home.arpa`)');
});

test('by server name, too', () => {
  const objects = objectsOf(lab('traefik: {}', 'postgis: { hosts: [db] }'));
  expect(find(objects, 'IngressRouteTCP', 'postgres').spec.routes[0]?.match).toBe('HostSNI(`db.lab.home.arpa`)');
});

test('a program that is told its own name, whatever the platform file says, must keep it', () => {
  const stubborn = definitionOf('Stubborn', {
    build: (self) => {
      const env = { ADDRESS: `https://${self.name}.${self.platform.config.domain}/` };
      const server = new Deployment(self, self.name, { ...sleeper, env, ports: { http: 8000 } });
      new HttpRoute(self, self.name, { hosts: [self.name], to: server.endpoint('http'), access: 'public' });
    },
  });
  const all = { ...catalogue, stubborn: () => stubborn };
  const build = (hosts: string) => () => {
    const text = `name: lab\ndomain: lab.home.arpa\ncluster: k3s\nservices:\n  traefik:\n  stubborn: { hosts: ${hosts} }\n`;
    return buildPlatform(parsePlatform(text, 'lab.yaml', all), all);
  };
  expect(problems(build('[other]'))).toBe(
    'lab.yaml:6  services.stubborn.hosts: stubborn is told stubborn.lab.home.arpa, and goes by no other name; keep it, or remove this',
  );
  expect(problems(build('[stubborn, other]'))).toBeUndefined();
});

test.each<[what: string, services: string[], messages: string[]]>([
  [
    'a name that another route has',
    [...base, 'qdrant: { hosts: [minio] }'],
    [
      'lab.yaml:8  services.qdrant: route minio of minio and route qdrant of qdrant have the same address https://minio.lab.home.arpa/; choose another name',
    ],
  ],
  [
    'one list for several routes',
    ['traefik: {}', 'minio: { hosts: [s3] }'],
    [
      'lab.yaml:6  services.minio.hosts: could be those of several routes; write for example { minio: [minio], minio-api: [minio-api] }',
    ],
  ],
  [
    'a name that the service does not have',
    ['traefik: {}', 'qdrant: { hosts: { quadrant: [q] } }'],
    ['lab.yaml:6  services.qdrant.hosts.quadrant: is no host of this service; did you mean "qdrant"?'],
  ],
  [
    'names of what has no routes',
    ['traefik: {}', 'mng-valkey: { hosts: [v] }'],
    ['lab.yaml:6  services.mng-valkey.hosts: has no effect, since this service has no routes; remove it'],
  ],
  [
    'more than one label',
    ['traefik: {}', 'qdrant: { hosts: [a.b] }'],
    [
      'lab.yaml:6  services.qdrant.hosts.0: must be one name below the domain, or @ for the domain itself; write for example models',
    ],
  ],
])('%s is refused', (_, services, messages) => expect(refused(...services)).toEqual(messages));
