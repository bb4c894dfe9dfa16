import { run } from './kubectl';

/** A user of OpenSearch, inside its pods, since strangers may not reach it. */
export class OpenSearchClient {
  constructor(
    private readonly namespace: string,
    private readonly user: string,
    private readonly password: string,
  ) {}

  /**
   * What a node answers to a request; an error where it answers one.
   * @param body lines of JSON, each with its end
   * @param from the pod that is asked
   */
  async ask(method: string, path: string, body = '', from = 'opensearch-0'): Promise<string> {
    // curl reads who asks from its standard input, with the body after it.
    const script = `IFS= read -r who; cat > /tmp/body; printf '%s\\n' "$who" | curl -sS --fail-with-body --max-time 40 --config - -X ${method} -H 'content-type: application/x-ndjson' ${body ? '--data-binary @/tmp/body' : ''} 'http://127.0.0.1:9200/${path}'`;
    const authorization = `Basic ${Buffer.from(`${this.user}:${this.password}`).toString('base64')}`;
    const { code, stdout, stderr } = await run(
      'kubectl',
      ['exec', '-i', from, `--namespace=${this.namespace}`, '--container=opensearch', '--', 'sh', '-c', script],
      { input: `header = "authorization: ${authorization}"\n${body}` },
    );
    if (code !== 0) throw new Error(`${method} ${path}: ${stderr}${stdout}`);
    return stdout;
  }

  async json<T>(method: string, path: string, body?: string, from?: string): Promise<T> {
    return JSON.parse(await this.ask(method, path, body, from)) as T;
  }
}
