import { Deployment } from '../../../lib/core/controllers';
import { tiers, type TierName } from '../../../lib/core/tier';
import { all, find, objectsOf } from '../../support/objects';
import { sleeper, testPlatform } from '../../support/platforms';

test('ten numbered tiers from gateway to communication, and the apps', () => {
  const folders = Object.entries(tiers).map(([name, { number }]) => `${String(number).padStart(2, '0')}-${name}`);
  expect(folders).toEqual([
    '01-gateway',
    '02-auth',
    '03-security',
    '04-data',
    '05-messaging',
    '06-observability',
    '07-workflow',
    '08-ai',
    '09-tooling',
    '10-communication',
    '11-apps',
  ]);
});

const entry = (tier: TierName) => ({ tier });
const platform = testPlatform({ chat: entry('communication'), store: entry('data'), board: entry('tooling') });
const objects = objectsOf(platform);

test('only the tiers in use, in their order, each with its namespace and folder', () => {
  expect(platform.tiers.map(({ namespace, folder }) => [namespace, folder])).toEqual([
    ['test-gateway', 'test/01-gateway'],
    ['test-data', 'test/04-data'],
    ['test-tooling', 'test/09-tooling'],
    ['test-communication', 'test/10-communication'],
  ]);
});

test('guard rails: nothing in, nothing out, and sizes for pods started by hand', () => {
  for (const { namespace } of platform.tiers) {
    expect(find(objects, 'NetworkPolicy', 'default-deny', namespace).spec).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
    expect(find(objects, 'LimitRange', 'container-defaults', namespace).spec.limits).toEqual([
      {
        type: 'Container',
        defaultRequest: { cpu: '50m', memory: '64Mi' },
        default: { cpu: '500m', memory: '256Mi' },
      },
    ]);
  }
  expect(all(objects, 'LimitRange')).toHaveLength(4);
});

test('the foundation goes before the services that build on it', () => {
  const workload = (tier: TierName) => ({
    tier,
    build: (component: ConstructorParameters<typeof Deployment>[0]) => void new Deployment(component, component.name, sleeper),
  });
  const pods = objectsOf(testPlatform({ db: workload('data'), ui: workload('ai') }, { namespacePrefix: 'team' }));
  expect(find(pods, 'Deployment', 'db', 'team-data').spec.template.spec.priorityClassName).toBe('team-foundation');
  expect(find(pods, 'Deployment', 'ui', 'team-ai').spec.template.spec.priorityClassName).toBe('team-service');
});
