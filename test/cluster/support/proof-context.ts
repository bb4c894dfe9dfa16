import type { Component } from '../../../lib/core/component';
import type { Client } from './client';
import { kubectl, run } from './kubectl';
import type { Workspace } from './workspace';

/** Values of a credential in the place of those of today. */
export interface OtherValues {
  readonly credential: string;
  readonly values: Readonly<Record<string, string>>;
  /** Whether they were asked for. */
  used: boolean;
}

/** A component on a platform that runs, as its proof uses it. */
export class ProofContext {
  private readonly component: Component;

  constructor(
    private readonly workspace: Workspace,
    private readonly client: Client,
    /** Name of the service. */
    readonly service: string,
    /** @default all values are those of today */
    private readonly other?: OtherValues,
  ) {
    const components = workspace.platform.tiers.flatMap((tier) => tier.components);
    const found = components.find(({ name }) => name === service);
    if (!found) throw new Error(`the platform has no service ${service}`);
    this.component = found;
  }

  get namespace(): string {
    return this.component.tier.namespace;
  }

  /** Name of something that the component makes beside what bears its own name, see `Component.named`. */
  named(name: string): string {
    return this.component.named(name);
  }

  /** A public host name of the platform. @param label its first part */
  host(label: string): string {
    return `${label}.${this.workspace.platform.config.domain}`;
  }

  /** A value of today. @param credential its name on the platform */
  async secret(credential: string, key: string): Promise<string> {
    const found = this.workspace.platform.graph.credentials.find(({ name }) => name === credential);
    if (!found) throw new Error(`the platform has no credential ${credential}`);
    if (this.other?.credential === credential) {
      this.other.used = true;
      return this.other.values[key] ?? '';
    }
    return this.workspace.secret(found.owner.tier.namespace, credential, key);
  }

  /**
   * Runs a Python script with MLflow, psycopg2, boto3 and requests in a pod outside the platform, which knows its host names
   * and finds the certificate of its gateway in the file /tmp/ca.crt.
   * @param variables that it finds, such as passwords
   * @returns what it printed; an error where it fails
   */
  async python(script: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.client.python(`${saveCertificate}${script}`, await this.withCertificate(variables));
  }

  /** The same for a script that is to fail: what it said. */
  async failure(script: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
    const { code, stderr } = await this.client.attempt(`${saveCertificate}${script}`, await this.withCertificate(variables));
    if (code === 0) throw new Error(`${script}\nsucceeded`);
    return stderr;
  }

  /** Runs a shell script in the main container of the first pod of the service. @param input what it reads from standard input */
  async inPod(script: string, input = ''): Promise<string> {
    const args = ['exec', '-i', `${this.service}-0`, `--namespace=${this.namespace}`, `--container=${this.service}`];
    const { code, stdout, stderr } = await run('kubectl', [...args, '--', 'sh', '-c', script], { input });
    if (code !== 0) throw new Error(`${script}\n${stderr}${stdout}`);
    return stdout;
  }

  /** What the containers of that pod said. @param container @default all of them */
  logs(container?: string): Promise<string> {
    const of = container === undefined ? '--all-containers' : `--container=${container}`;
    return kubectl(['logs', `${this.service}-0`, `--namespace=${this.namespace}`, of]);
  }

  /** The command lines of all processes of its main container. */
  processes(): Promise<string> {
    return this.inPod('for file in /proc/[0-9]*/cmdline; do tr "\\0" " " < "$file"; echo; done');
  }

  private async withCertificate(variables: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    const { namespace } = this.workspace.platform.tier('gateway');
    return { ...variables, certificate: await this.workspace.secret(namespace, 'gateway-tls', 'tls.crt') };
  }
}

const saveCertificate = `open('/tmp/ca.crt', 'w').write(certificate)\n`;
