import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesObject } from '../support/kubernetes';
import { all, podsOf, type Pods } from '../support/objects';
import { ApiServer } from './support/api-server';
import { definitionsBefore, objectsOf, platformFiles, root, Workspace } from './support/platforms';
import { apiServerNeeds, eventually, suiteWith } from './support/programs';

const suite = suiteWith('test/api', apiServerNeeds());

/** Every platform of platforms/ as committed, and every fixture of test/platforms/, each on an empty API server. */
suite.each(platformFiles().map((source) => [source.name, source] as const))('platform %s', (name, source) => {
  const [cluster, everything] = [`dist/${name}/00-cluster`, `dist/${name}`];
  let server: ApiServer;
  let workspace: Workspace;
  let objects: KubernetesObject[];

  /** What the README says, and that unknown and doubled fields are errors. */
  const apply = async (...args: string[]) => {
    const { code, stdout, stderr } = await server.try(['apply', '--server-side', '--validate=strict', ...args], {
      cwd: workspace.folder,
    });
    // Warnings are those of Pod Security and of deprecated versions.
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^(\S+ serverside-applied\n)+$/);
  };

  /** Identity → object as the server has it. */
  const stored = async () => {
    const list = JSON.parse(await server.kubectl(['get', '-R', '-f', everything, '-o', 'json'], { cwd: workspace.folder })) as {
      items: (KubernetesObject & { metadata: { resourceVersion?: string } })[];
    };
    return Object.fromEntries(
      list.items.map((object) => {
        // A claim's first update is written even if it says nothing new: the server then stores a default of its own.
        if (object.kind === 'PersistentVolumeClaim') delete object.metadata.resourceVersion;
        return [identity(object), object];
      }),
    );
  };

  beforeAll(async () => {
    workspace = new Workspace(source);
    objects = objectsOf(workspace.platform);
    server = await ApiServer.start();
    // What is there before the platform is.
    const before = definitionsBefore(workspace.platform);
    if (before.length > 0) await bring(...before);
  });

  afterAll(async () => {
    await server?.stop();
    workspace?.remove();
  });

  const bring = async (...crds: string[]) => {
    const files = crds.map((file) => `--filename=${join(root, 'crds', `${file}.yaml`)}`);
    await server.kubectl(['apply', '--server-side', ...files]);
    // Right after the definitions were made this command fails, as they have no conditions yet.
    await eventually(() => server.kubectl(['wait', '--for=condition=Established', '--timeout=30s', ...files]));
  };

  test('the documented commands succeed right after one another', async () => {
    await apply('-f', cluster);
    await apply('-R', '-f', everything);
  });

  test('every object is there', async () => {
    const applied = objects.filter(({ apiVersion }) => apiVersion !== 'argoproj.io/v1alpha1');
    expect(Object.keys(await stored()).sort()).toEqual(applied.map(identity).sort());
  });

  test('the same commands again change nothing', async () => {
    if (objects.some(({ kind }) => kind === 'CustomResourceDefinition')) {
      // The API server itself writes their status a moment later.
      await server.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
    }
    const before = await stored();
    await apply('-f', cluster);
    await apply('-R', '-f', everything);
    expect(await stored()).toEqual(before);
  });

  test('every pod is admitted under the enforced Pod Security Standard', async () => {
    for (const { metadata } of all(objects, 'Namespace')) {
      // Elsewhere a controller makes it.
      await server.kubectl(['create', 'serviceaccount', 'default', `--namespace=${metadata.name}`]);
    }
    const pods = podsOf(objects).map(podOf);
    expect(pods.length).toBeGreaterThan(0);
    const { code, stdout, stderr } = await server.try(['create', '--dry-run=server', '--validate=strict', '-f', '-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods }),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/created/g)).toHaveLength(pods.length);
  });

  test('and a pod that shares the network of its node is not', async () => {
    const [first] = podsOf(objects);
    if (!first) throw new Error('no pods');
    const pod = podOf(first);
    const input = JSON.stringify({ ...pod, spec: { ...pod.spec, hostNetwork: true } });
    const { code, stderr } = await server.try(['create', '--dry-run=server', '-f', '-'], { input });
    expect(code).not.toBe(0);
    expect(stderr).toContain('violates PodSecurity "restricted:latest": host namespaces');
  });

  test('Argo CD accepts what it is told', async () => {
    const file = `dist/${workspace.argoCd}`;
    expect(existsSync(join(workspace.folder, file))).toBe(workspace.platform.config.argoCd !== undefined);
    if (workspace.platform.config.argoCd === undefined) return;
    await bring('argo-cd');
    await server.kubectl(['create', 'namespace', 'argocd']);
    await apply('-f', file);
  });
});

suite('an API server', () => {
  let server: ApiServer;
  beforeAll(async () => {
    server = await ApiServer.start();
  });
  afterAll(() => server?.stop());

  test('refuses a field that it does not know, so that the check above means something', async () => {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'wrong', label: {} } });
    const { code, stderr } = await server.try(['apply', '--server-side', '--validate=strict', '-f', '-'], { input });
    expect(code).not.toBe(0);
    expect(stderr).toContain('field not declared in schema');
  });

  test('takes the definitions by plain kubectl apply as well, whose annotation is limited to 256 KiB', async () => {
    await server.kubectl(['apply', '-f', 'dist/geoai/00-cluster'], { cwd: root });
    await server.kubectl(['apply', '-R', '-f', 'dist/geoai'], { cwd: root });
  });
});

function identity({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}

/** The pod that a controller would make of a template; claim templates become volumes. */
function podOf({ owner, namespace, template, claimTemplates }: Pods) {
  const { metadata, spec } = template;
  const name = owner.slice(owner.lastIndexOf('/') + 1);
  const claims = claimTemplates.map((claim) => ({
    name: claim,
    persistentVolumeClaim: { claimName: `${claim}-${name}-0` },
  }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name: `${name}-0`, namespace },
    spec: { ...spec, volumes: [...(spec.volumes ?? []), ...claims] },
  };
}
