import * as YAML from 'yaml';
import { hasVolume, replace, titleOf } from './definition';
import { providerOf, providersFor } from './needs';
import type { NewComponent } from './new-component';

/** The services that it needs, with their options. */
const servicesBeside = ({ needs }: NewComponent): Record<string, object> =>
  Object.fromEntries(providersFor(needs.map(({ name }) => name)).map((name) => [name, {}]));

const ownOptions = (component: NewComponent): object => (hasVolume(component) ? { storage: '1Gi' } : {});

/** A platform that has it, with all that it needs: rules that hold for every platform, and the real API server, see it there. */
export function platformText(component: NewComponent): string {
  const file = {
    name: component.name,
    domain: `${component.name}.hearth-fixture.dev`,
    cluster: 'kubernetes',
    tls: { mode: 'self-signed' },
    network: { apiServer: ['198.18.0.0/15', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'] },
    services: {
      ...servicesBeside(component),
      [component.name]: ownOptions(component),
      backup: { target: { endpoint: 'https://s3.hearth-fixture.dev', bucket: 'backups' } },
    },
  };
  return `# ${titleOf(component)}, and what it needs.\n${YAML.stringify(file)}`;
}

/** Its line in test/evidence.yaml. No more than its manifests is proven of it yet. */
export function evidenceText({ name }: NewComponent): string {
  return YAML.stringify({
    [name]: {
      level: 'synthesized',
      because: `nobody has used it yet; test/proofs/${name}.ts is to say how`,
      proofs: [{ level: 'synthesized', file: 'test/platform.test.ts', title: 'two synths give the same bytes' }],
    },
  });
}

/** Its proof, which fails until a person has written it. */
export function proofText(component: NewComponent): string {
  const { name } = component;
  // The runner brings a gateway itself.
  const beside = Object.entries(servicesBeside(component)).filter(([other]) => other !== providerOf('gateway'));
  const services = { [name]: ownOptions(component), ...Object.fromEntries(beside) };
  const path = `test/proofs/${name}.ts`;
  return `import { defineProof } from '../cluster/support/proof';

const unwritten = () =>
  Promise.reject(new Error('${path} does not say yet how ${name} is used: write it as docs/testing.md says'));

${replace('what is written for each name.')}
export const proof = defineProof({
  component: '${name}',
  services: ${JSON.stringify(services)},
  ${replace('writes something under a name, in the way in which people use the program.')}
  write: unwritten,
  ${replace('reads all that was written.')}
  read: unwritten,
});
`;
}

/** Its unit test. */
export function unitTestText(component: NewComponent): string {
  const { name, needs, image, port } = component;
  const services = Object.entries(servicesBeside(component)).map((entry) => entry.map((part) => JSON.stringify(part)).join(': '));
  const kind = hasVolume(component) ? 'StatefulSet' : 'Deployment';
  const used = needs.filter(({ use }) => use !== undefined);
  const providers = used.map((need) => providerOf(need.name) ?? '');
  const variables = used.flatMap(({ use }) => use?.env ?? []).flatMap((entry) => /^(\w+):/.exec(entry)?.[1] ?? []);
  return `import { buildPlatform } from '../../../../lib/build-platform';
import { parsePlatform } from '../../../../lib/config/load';
import { images } from '../../../../lib/images';
import { container, ${used.length > 0 ? 'containersOf, envOf, ' : ''}find, objectsOf } from '../../../support/objects';
import { manifestFile } from '../../../support/platforms';

const platform = (options: object = {}) =>
  buildPlatform(
    parsePlatform(
      JSON.stringify({
        name: 'shown',
        domain: 'shown.hearth.test',
        cluster: 'k3s',
        services: { ${services.join(', ')}, '${name}': options },
      }),
      'shown.yaml',
    ),
  );
const controller = (options: object = {}) => find(objectsOf(platform(options)), '${kind}', '${name}').spec;
const route = (options: object = {}) => find(objectsOf(platform(options)), 'IngressRoute', '${name}').spec.routes[0];

test('the whole file', () => expect(manifestFile(platform(), '${name}')).toMatchSnapshot());

test('its image listens on its port, and the gateway leads there', () => {
  const { image, ports } = container(controller().template, '${name}');
  expect(image).toBe(images.${image.key});
  expect(ports).toEqual([{ name: 'http', containerPort: ${port}, protocol: 'TCP' }]);
  expect(route()).toMatchObject({ match: 'Host(\`${name}.shown.hearth.test\`)', services: [{ name: '${name}', port: 'http' }] });
});

test('access: the gateway password where nobody signs people in, or none', () => {
  expect(route()?.middlewares).toContainEqual({ name: 'basic-auth' });
  expect(route({ access: 'public' })?.middlewares).not.toContainEqual({ name: 'basic-auth' });
});

test('resources: what the platform file says goes before its own', () => {
  const { resources } = container(controller({ resources: { limits: { memory: '3Gi' } } }).template, '${name}');
  expect(resources.limits).toMatchObject({ cpu: '1', memory: '3Gi' });
});
${
  hasVolume(component)
    ? `
test('its volume: how large it is, and its place in the backup', () => {
  const claim = (options: object) => controller(options).volumeClaimTemplates?.[0];
  expect(claim({ storage: '2Gi' })).toMatchObject({ spec: { resources: { requests: { storage: '2Gi' } } } });
  expect(claim({})).toMatchObject({ metadata: { labels: { 'hearth/backup-priority': 'medium' } } });
  expect(claim({ backup: 'none' })).toMatchObject({ metadata: { labels: { 'hearth/backup-priority': 'none' } } });
});
`
    : ''
}${
    used.length > 0
      ? `
test('what it uses: it waits for it, may reach it, and is told where it is', () => {
  const { template } = controller();
  const names = containersOf(template).map((one) => one.name);
  const egress = JSON.stringify(find(objectsOf(platform()), 'NetworkPolicy', '${name}').spec.egress);
  for (const provider of ${JSON.stringify(providers)}) {
    expect(names).toContain(\`wait-for-\${provider}\`);
    expect(egress).toContain(\`"\${provider}"\`);
  }
  expect(Object.keys(envOf(container(template, '${name}')))).toEqual(expect.arrayContaining(${JSON.stringify(variables)}));
});
`
      : ''
  }`;
}
