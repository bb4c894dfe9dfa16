import { proof as mlflow } from '../proofs/mlflow';
import { proof as postgis } from '../proofs/postgis';
import { versionsOf } from './support/applied-state';
import { expectDeclaredEdges } from './support/edges';
import { PlatformFixture } from './support/fixture';
import { Hearth } from './support/hearth';
import { eventually, kubectl } from './support/kubectl';
import { ready } from './support/ready';
import { suite } from './support/suite';
import { without } from './support/without';
import { Workspace } from './support/workspace';

/** A GeoAI platform among the shipped ones: geoai-dev fits kind and any other cluster, geoai is for k3s. */
const name = process.env.HEARTH_TEST_PLATFORM ?? 'geoai-dev';

/**
 * That platform on the cluster of `KUBECONFIG`. Where no image can be pulled, the cluster brings stand-ins that
 * carry the real programs from other sources (test/cluster/images), and services without one are named in
 * `HEARTH_TEST_WITHOUT`.
 */
suite(`platform ${name} on a cluster`, () => {
  const fixture = new PlatformFixture(async () => {
    const workspace = await Workspace.create(name);
    return { workspace, hearth: new Hearth(workspace.folder) };
  });
  const { watch } = fixture;
  const host = (label: string) => `${label}.${fixture.workspace.platform.config.domain}`;

  afterAll(() => console.log(`without: ${without.join(', ') || 'nothing'}`));

  test('the documented commands succeed on an empty cluster, and everything becomes ready', async () => {
    await watch.time('apply', apply());
    await watch.time('ready', ready(fixture.workspace.platform, 600));
  }, 720_000);

  test('the same commands again change nothing', async () => {
    const before = await versionsOf(name);
    expect(Object.keys(before).length).toBeGreaterThan(30);
    await apply();
    expect(await versionsOf(name)).toEqual(before);
  });

  test('a user reaches the gateway: HTTP is redirected, the certificate is the platform’s own', async () => {
    await fixture.welcome();
    const answer = await eventually(() =>
      fixture.use('traefik').python(`
import requests
r = requests.get('http://${host('mlflow')}/a?b=c', allow_redirects=False, timeout=5)
print(r.status_code, r.headers['Location'])
assert requests.get('https://${host('minio')}/', verify='/tmp/ca.crt', timeout=5).status_code == 200
`),
    );
    expect(answer).toBe(`301 https://${host('mlflow')}/a?b=c`);
  }, 240_000);

  test('the dashboard is refused without the password, and opens with it', async () => {
    const script = `
import requests
for auth in (None, ('admin', 'wrong'), ('admin', password)):
    print(requests.get('https://${host('traefik')}/api/overview', auth=auth, verify='/tmp/ca.crt', timeout=5).status_code)
`;
    const password = await fixture.use('traefik').secret('gateway-basic-auth', 'password');
    const answer = await eventually(() => fixture.use('traefik').python(script, { password }));
    expect(answer.split('\n')).toEqual(['401', '401', '200']);
  });

  test.each([mlflow, postgis])(
    '$component is used by its public name',
    async (proof) => {
      const context = fixture.use(proof.component);
      await watch.time(
        `used ${proof.component}`,
        eventually(() => proof.write(context, 'first'), 120),
      );
      expect(await proof.read(context)).toEqual({ first: expect.stringMatching(/[0-9a-f]{32}$/) as unknown });
    },
    300_000,
  );

  test('every declared edge works, and no other one does', async () => {
    expect((await expectDeclaredEdges(fixture.workspace)).length).toBeGreaterThanOrEqual(8);
  }, 300_000);

  /** The documented commands: what is cluster-wide, the credentials, everything. */
  async function apply(): Promise<void> {
    const options = { cwd: fixture.workspace.folder };
    await kubectl(['apply', '--server-side', '-f', `dist/${name}/00-cluster`], options);
    await fixture.hearth.succeed('credentials', name);
    await kubectl(['apply', '--server-side', '-R', '-f', `dist/${name}`], options);
  }
});
