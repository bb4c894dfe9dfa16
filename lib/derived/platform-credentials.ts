import type { Credential } from '../core/credential';
import { gateway } from '../core/gateway';
import type { Platform } from '../core/platform';
import { accessInWords, HttpRoute } from '../core/route';
import { ruleInWords } from '../core/rule-in-words';
import type { Workload } from '../core/workload';
import { code, codes, table } from './markdown';

/** The part of a platform's page about its credentials: which there are, and who needs them. */
export function credentialsSections(platform: Platform): string[] {
  return [
    '## Credentials',
    'One Secret holds all keys of a credential, others the keys that are needed there. How the values come about: ' +
      '[credentials.md](../credentials.md).',
    credentialsTable(platform),
    '### Who signs in with what',
    signInTable(platform),
    '### Between components',
    table(['From', 'To', 'For', 'With'], bindings(platform)),
  ];
}

function credentialsTable(platform: Platform): string {
  return table(
    ['Credential', 'Key', 'Value', 'Secrets that hold it', 'Remembered by'],
    platform.graph.credentials.flatMap((credential) =>
      Object.entries(credential.keys).map(([key, rule]) => [
        code(credential.name),
        code(key),
        ruleInWords(rule, code),
        codes(credential.secrets.filter(({ keys }) => keys.includes(key)).map((held) => `${held.namespace}/${held.name}`)),
        credential.storedIn ? codes(claimsOf(platform, credential.storedIn)) : '',
      ]),
    ),
  );
}

function claimsOf(platform: Platform, volume: Workload['volumes'][number]): string[] {
  return platform.graph.workloads
    .filter((workload) => workload.volumes.includes(volume))
    .flatMap((workload) => volume.claimNames(workload));
}

function signInTable(platform: Platform): string {
  const password = `user ${code('username')} and ${code('password')} of the Secret ${code(platform.provider(gateway).basicAuth.name)}`;
  const gatewayAsks = (route: HttpRoute) => ({ public: 'nothing', basic: password, sso: accessInWords(route) })[route.access];
  return table(
    ['Component', 'The gateway asks for', 'The program asks for'],
    platform.tiers.flatMap((tier) =>
      tier.components.map((component) => {
        const routes = platform.graph.routes.filter((route) => route.component === component);
        const asks = new Set(routes.map((route) => (route instanceof HttpRoute ? gatewayAsks(route) : 'nothing')));
        const { signIn } = component.definition;
        return [component.shortTitle, [...asks].join('; '), signIn];
      }),
    ),
  );
}

/** Who uses which binding of whom, and the credential that opens it. */
function bindings(platform: Platform): string[][] {
  return platform.graph.workloads.flatMap((workload) =>
    workload.bindings.map((binding) => [
      code(workload.name),
      code(binding.endpoint.address),
      binding.why,
      binding.credential ? secretWith(binding.credential, workload.namespace) : '',
    ]),
  );
}

/** The Secret of a credential, and which of its keys a namespace has. */
function secretWith({ name, secrets }: Credential, namespace: string): string {
  const held = secrets.find((secret) => secret.namespace === namespace && secret.name === name);
  return `Secret ${code(name)}${held ? `: ${codes(held.keys)}` : ''}`;
}
