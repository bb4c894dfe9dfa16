import { images } from './images';
import { kubectl, run, type Result } from './kubectl';
import type { Workspace } from './workspace';

const namespace = 'hearth-test';

/** What every pod of the tests says, so that it runs under the restricted Pod Security Standard. */
const restricted = {
  pod: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  container: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
};

/**
 * A user of the platform: a pod outside its namespaces, in which Python scripts with MLflow, psycopg2, boto3 and requests run.
 * The platform's host names lead to the gateway, as DNS would lead them.
 */
export class Client {
  static async start({ platform }: Workspace): Promise<Client> {
    const hosts = platform.graph.routes.flatMap((route) => route.hosts);
    const service = ['service', 'traefik', `--namespace=${platform.tier('gateway').namespace}`];
    const ip = (await kubectl(['get', ...service, '-o', 'jsonpath={.spec.clusterIP}'])).trim();
    const manifests = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'client', namespace },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 0,
          securityContext: restricted.pod,
          hostAliases: [{ ip, hostnames: [...new Set(hosts)] }],
          containers: [
            {
              name: 'client',
              image: images.mlflow,
              command: ['sleep', '86400'],
              env: [
                { name: 'HOME', value: '/tmp' },
                { name: 'MLFLOW_DISABLE_TELEMETRY', value: 'true' },
              ],
              securityContext: restricted.container,
              volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
            },
          ],
          volumes: [{ name: 'tmp', emptyDir: {} }],
        },
      },
    ];
    await kubectl(['apply', '-f', '-'], {
      input: manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n'),
    });
    await kubectl(['wait', '--for=condition=Ready', 'pod/client', `--namespace=${namespace}`, '--timeout=180s']);
    return new Client();
  }

  /**
   * Runs a Python script.
   * @param variables that it finds, such as passwords: they are in no error, no process list and no file
   * @returns its output, or an error with what it said
   */
  async python(script: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
    const { code, stdout, stderr } = await this.attempt(script, variables);
    if (code !== 0) throw new Error(`${script}\n${stderr}${stdout}`);
    return stdout.trim();
  }

  attempt(script: string, variables: Readonly<Record<string, string>> = {}): Promise<Result> {
    // What JSON writes of a text, Python reads as the same one.
    const literals = Object.entries(variables).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`);
    return run('kubectl', ['exec', '-i', 'client', `--namespace=${namespace}`, '--', 'python3', '-'], {
      input: `${literals.join('')}${script}`,
    });
  }

  async stop(): Promise<void> {
    await kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=true', '--timeout=60s']);
  }
}

/**
 * A pod that the policies take for one of a workload (its labels), or for nobody (no labels). It is never ready, so that
 * no Service leads to it.
 */
export async function startProbe(name: string, inNamespace: string, labels: Record<string, string>): Promise<void> {
  const manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: inNamespace, labels: { ...labels, 'hearth-test/probe': 'true' } },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      securityContext: restricted.pod,
      containers: [
        {
          name: 'probe',
          image: images.busybox,
          command: ['sleep', '86400'],
          readinessProbe: { exec: { command: ['false'] } },
          securityContext: restricted.container,
          resources: { requests: { cpu: '1m', memory: '4Mi' }, limits: { cpu: '100m', memory: '16Mi' } },
        },
      ],
    },
  };
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(manifest) });
}

/** Which of the `address:port` pairs a probe can connect to. */
export async function reachable(name: string, inNamespace: string, targets: string[]): Promise<Set<string>> {
  const attempts = targets.map((target) => `(nc -w 3 ${target.replace(':', ' ')} -e true && echo ${target}) &`);
  const script = [...attempts, 'wait'].join('\n');
  const { stdout } = await run('kubectl', ['exec', name, `--namespace=${inNamespace}`, '--', 'sh', '-c', script]);
  return new Set(stdout.split('\n').filter(Boolean));
}
