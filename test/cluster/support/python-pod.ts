import { images } from './images';
import { kubectl, run, type Result } from './kubectl';
import { apply, podObject, type PodProps } from './pod';

/** A pod in which Python scripts with MLflow, psycopg2, boto3 and requests run. */
export class PythonPod {
  private constructor(
    readonly name: string,
    readonly namespace: string,
  ) {}

  /** @param props its container is made here */
  static async start({ env = [], ...props }: Omit<PodProps, 'container'> & { readonly env?: readonly object[] }) {
    const { name, namespace, spec } = props;
    const container = {
      name: 'python',
      image: images.mlflow,
      command: ['sleep', '86400'],
      env: [{ name: 'HOME', value: '/tmp' }, { name: 'MLFLOW_DISABLE_TELEMETRY', value: 'true' }, ...env],
      volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
    };
    await apply(podObject({ ...props, container, spec: { ...spec, volumes: [{ name: 'tmp', emptyDir: {} }] } }));
    await kubectl(['wait', '--for=condition=Ready', `pod/${name}`, `--namespace=${namespace}`, '--timeout=180s']);
    return new PythonPod(name, namespace);
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
    return run('kubectl', ['exec', '-i', this.name, `--namespace=${this.namespace}`, '--', 'python3', '-'], {
      input: `${literals.join('')}${script}`,
    });
  }
}
