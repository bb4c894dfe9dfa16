import { join } from 'node:path';
import { ApiServer } from './support/api-server';
import { definitionsBefore, platformFiles, root, suppliedValues, Workspace } from './support/platforms';
import { apiServerNeeds, run, suiteWith } from './support/programs';

const suite = suiteWith('test/api', apiServerNeeds());

/** The command line and kubectl must leave the same behind: nothing of a manifest may get lost on its way. */
suite.each(platformFiles().map((source) => [source.name, source] as const))('hearth up %s', (name, source) => {
  let server: ApiServer;
  let workspace: Workspace;

  beforeAll(async () => {
    workspace = new Workspace(source);
    server = await ApiServer.start();
    const crds = definitionsBefore(workspace.platform).map((file) => `--filename=${join(root, 'crds', `${file}.yaml`)}`);
    if (crds.length === 0) return;
    await server.kubectl(['apply', '--server-side', ...crds]);
    await server.kubectl(['wait', '--for=condition=Established', '--timeout=30s', ...crds]);
  });

  afterAll(async () => {
    await server?.stop();
    workspace?.remove();
  });

  const up = async () => {
    const env = {
      ...process.env,
      KUBECONFIG: server.kubeconfig,
      ...suppliedValues(workspace.platform),
    };
    const args = [join(root, 'cli/hearth.js'), 'up', name, '--no-wait', '--context', 'test'];
    const { code, stdout, stderr } = await run(process.execPath, args, { cwd: workspace.folder, env });
    expect({ code, stderr: stderr.replace(/^note: .*\n/gm, '') }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };

  test('on an empty server, after which kubectl finds nothing to change', async () => {
    await up();
    const diff = ['diff', '--server-side', '--recursive', `--filename=dist/${name}`];
    expect(await server.try(diff, { cwd: workspace.folder })).toMatchObject({ code: 0, stdout: '' });
  });

  test('again, with nothing made or changed', async () => {
    // A claim's first update is written even if it says nothing new.
    await up();
    expect((await up()).match(/[1-9]\d* made or changed|^(made|completed) \S+\/\S+/gm)).toBeNull();
  });
});
