import { proof as mlflow } from '../proofs/mlflow';
import { proof as postgis } from '../proofs/postgis';
import { Client } from './support/client';
import { expectDeclaredEdges } from './support/edges';
import { eventually, kubectlJson } from './support/kubectl';
import { ProofContext } from './support/proof-context';
import { without } from './support/without';
import { Workspace } from './support/workspace';
import { suite, Stopwatch } from './support/suite';

/** A GeoAI platform among the shipped ones: geoai-dev fits kind and any other cluster, geoai is for k3s. */
const name = process.env.HEARTH_TEST_PLATFORM ?? 'geoai-dev';

/**
 * That platform on the cluster of `KUBECONFIG`. Where no image can be pulled, the cluster brings stand-ins that
 * carry the real programs from other sources (test/cluster/images), and services without one are named in
 * `HEARTH_TEST_WITHOUT`.
 */
suite(`platform ${name} on a cluster`, () => {
  let workspace: Workspace;
  let client: Client;
  const watch = new Stopwatch();
  const host = (label: string) => `${label}.${workspace.platform.config.domain}`;
  const use = (service: string) => new ProofContext(workspace, client, service);

  beforeAll(async () => {
    workspace = await Workspace.create(name);
  });

  afterAll(async () => {
    console.log(`${watch}; without: ${without.join(', ') || 'nothing'}`);
    if (process.env.HEARTH_TEST_KEEP) return;
    await client?.stop();
    await workspace.remove();
  }, 300_000);

  test('the documented commands succeed on an empty cluster, and everything becomes ready', async () => {
    await watch.time('apply', workspace.apply());
    await watch.time('ready', workspace.ready(600));
  }, 720_000);

  test('the same commands again change nothing', async () => {
    const before = await generations();
    await workspace.apply();
    expect(await generations()).toEqual(before);
  });

  test('a user reaches the gateway: HTTP is redirected, the certificate is the platform’s own', async () => {
    client = await Client.start(workspace);
    const answer = await eventually(() => use('traefik').python(`
import requests
r = requests.get('http://${host('mlflow')}/a?b=c', allow_redirects=False, timeout=5)
print(r.status_code, r.headers['Location'])
assert requests.get('https://${host('minio')}/', verify='/tmp/ca.crt', timeout=5).status_code == 200
`)); // prettier-ignore
    expect(answer).toBe(`301 https://${host('mlflow')}/a?b=c`);
  }, 240_000);

  test('the dashboard is refused without the password, and opens with it', async () => {
    const script = `
import requests
for auth in (None, ('admin', 'wrong'), ('admin', password)):
    print(requests.get('https://${host('traefik')}/api/overview', auth=auth, verify='/tmp/ca.crt', timeout=5).status_code)
`;
    const password = await use('traefik').secret('gateway-basic-auth', 'password');
    const answer = await eventually(() => use('traefik').python(script, { password }));
    expect(answer.split('\n')).toEqual(['401', '401', '200']);
  });

  test.each([mlflow, postgis])('$component is used by its public name', async (proof) => {
    const context = use(proof.component);
    await watch.time(`used ${proof.component}`, eventually(() => proof.write(context, 'first'), 120));
    expect(await proof.read(context)).toEqual({ first: expect.stringMatching(/[0-9a-f]{32}$/) as unknown });
  }, 300_000); // prettier-ignore

  test('every declared edge works, and no other one does', async () => {
    expect((await expectDeclaredEdges(workspace)).length).toBeGreaterThanOrEqual(8);
  }, 300_000);

  async function generations(): Promise<Record<string, number>> {
    const kinds =
      'deployments,statefulsets,jobs,services,networkpolicies,ingressroutes,ingressroutetcps,middlewares,configmaps,secrets';
    const namespaces = workspace.platform.tiers.map((tier) => tier.namespace);
    const lists = await Promise.all(
      namespaces.map((namespace) =>
        kubectlJson<{ items: { kind: string; metadata: { name: string; generation?: number; uid: string } }[] }>([
          'get', kinds, `--namespace=${namespace}`,
        ]),
      ),
    ); // prettier-ignore
    return Object.fromEntries(
      lists.flatMap(({ items }) =>
        items.map(({ kind, metadata }) => [`${kind}/${metadata.uid}`, metadata.generation ?? 0]),
      ),
    );
  }
});
