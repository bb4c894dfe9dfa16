import { images } from './images';
import { eventually, kubectl, run } from './kubectl';

/** What a writer saw. */
export interface Written {
  /** Numbers whose insert the server acknowledged. */
  readonly acknowledged: number;
  /** Acknowledged numbers that are not in the table. */
  readonly lost: number;
  /** Attempts that ended with an error or a lost connection. */
  readonly errors: number;
  /** Longest time between two acknowledged inserts, in seconds. */
  readonly gap: number;
}

/**
 * Inserts one number after the other, each in a transaction of its own, and notes what was acknowledged and when. After
 * an error it connects again and goes on with the next number: whether the last one was written, it cannot know.
 */
const script = `
import os, signal, socket, time, psycopg2
# DNS may go with a node, where only one pod answers it.
options = dict(hostaddr=socket.gethostbyname(os.environ['WRITE_HOST']), port=os.environ['WRITE_PORT'], dbname=os.environ['DATABASE'], user=os.environ['DATABASE'],
               password=open('/files/password').read(), connect_timeout=2, tcp_user_timeout=3000, keepalives_idle=1,
               keepalives_interval=1, keepalives_count=3)
def connect():
    connection = psycopg2.connect(**options)
    connection.autocommit = True
    return connection
connection, number, errors, acknowledged = None, 0, 0, []
last, gap = None, 0.0
running = True
def stop(*_):
    global running
    running = False
signal.signal(signal.SIGTERM, stop)
while running:
    number += 1
    try:
        if connection is None:
            connection = connect()
        connection.cursor().execute('INSERT INTO numbered VALUES (%s)', (number,))
        now = time.time()
        gap, last = max(gap, now - (last or now)), now
        acknowledged.append(number)
        if len(acknowledged) % 20 == 1:
            open('/tmp/progress', 'w').write(str(len(acknowledged)))
        time.sleep(0.03)
    except psycopg2.Error as error:
        errors += 1
        open('/tmp/errors', 'a').write('%.1f %s\\n' % (time.time(), str(error).strip().splitlines()[0]))
        try:
            connection and connection.close()
        finally:
            connection = None
        time.sleep(0.1)
while True:
    try:
        sql = connect().cursor()
        sql.execute('SELECT number FROM numbered')
        found = {n for n, in sql.fetchall()}
        break
    except psycopg2.Error:
        time.sleep(0.5)
import json
result = dict(acknowledged=len(acknowledged), lost=len(set(acknowledged) - found), errors=errors, gap=round(gap, 1))
open('/tmp/result.new', 'w').write(json.dumps(result))
os.rename('/tmp/result.new', '/tmp/result')
`;

/** A pod with psycopg2 that lives beside the platform's, with the labels of a workload that may reach the server. */
export class SqlClient {
  private constructor(
    private readonly namespace: string,
    private readonly name: string,
  ) {}

  static async start(props: {
    readonly namespace: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly host: string;
    readonly database: string;
    readonly secret: string;
    /** @default any */
    readonly node?: string;
  }): Promise<SqlClient> {
    const { namespace, name, labels, host, database, secret, node } = props;
    const manifest = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: { ...labels, 'hearth-test/probe': 'true' } },
      spec: {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 0,
        ...(node ? { nodeName: node } : {}),
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 101,
          runAsGroup: 103,
          fsGroup: 103,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            name: 'client',
            image: images.patroni,
            command: ['sleep', '86400'],
            env: [
              { name: 'WRITE_HOST', value: host },
              { name: 'WRITE_PORT', value: '5432' },
              { name: 'DATABASE', value: database },
              { name: 'HOME', value: '/tmp' },
            ],
            // No Service leads to it.
            readinessProbe: { exec: { command: ['false'] } },
            securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
            resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '1', memory: '256Mi' } },
            volumeMounts: [
              { name: 'tmp', mountPath: '/tmp' },
              { name: 'files', mountPath: '/files', readOnly: true },
            ],
          },
        ],
        volumes: [
          { name: 'tmp', emptyDir: {} },
          { name: 'files', secret: { secretName: secret, items: [{ key: 'password', path: 'password' }] } },
        ],
      },
    };
    await kubectl(['apply', '-f', '-'], { input: JSON.stringify(manifest) });
    const client = new SqlClient(namespace, name);
    const running = '--for=jsonpath={.status.phase}=Running';
    await kubectl(['wait', running, `pod/${name}`, `--namespace=${namespace}`, '--timeout=120s']);
    return client;
  }

  /** Runs a shell command in it; its output, or an error with what it said. */
  async sh(command: string, input?: string): Promise<string> {
    const args = ['exec', '-i', this.name, `--namespace=${this.namespace}`, '--', 'sh', '-c', command];
    const { code, stdout, stderr } = await run('kubectl', args, { input });
    if (code !== 0) throw new Error(`${command}\n${stderr}${stdout}`);
    return stdout.trim();
  }

  /**
   * The answer of one SQL statement. Where nothing was asked yet since no connection came about, it connects again for
   * 15 seconds: the time within which another member leads.
   * @param port 5432 writes, 5433 reads
   */
  sql(statement: string, port = 5432): Promise<string> {
    const command = `PGPASSWORD=$(cat /files/password) PGCONNECT_TIMEOUT=3 exec psql -XAtq -v ON_ERROR_STOP=1 -h "$WRITE_HOST" -p ${port} -U "$DATABASE" -d "$DATABASE"`;
    const unconnected = (error: unknown) => /psql: error: connection to server .* failed/.test(String(error));
    return eventually(() => this.sh(command, statement), 15, unconnected);
  }

  /** Starts to write, and returns once something is written. */
  async startWriting(): Promise<void> {
    await this.sh('cat > /tmp/writer.py && rm -f /tmp/result /tmp/progress /tmp/errors', script);
    await this.sql('DROP TABLE IF EXISTS numbered; CREATE TABLE numbered (number int PRIMARY KEY)');
    await this.sh('setsid nohup python3 /tmp/writer.py > /tmp/writer.log 2>&1 & echo $! > /tmp/writer.pid');
    await this.sh('until [ -s /tmp/progress ]; do sleep 0.2; done');
  }

  /** Waits until it wrote `more` numbers more. */
  async goOn(more: number, seconds = 90): Promise<void> {
    await this.sh(
      `start=$(cat /tmp/progress); i=0; until [ "$(cat /tmp/progress)" -ge $((start + ${more})) ]; do i=$((i+1)); [ $i -lt ${seconds * 2} ] || { cat /tmp/writer.log; tail -5 /tmp/errors; exit 1; }; sleep 0.5; done`,
    );
  }

  /** Ends the writing, and compares what was acknowledged with what is there. */
  async stopWriting(): Promise<Written> {
    const answer = await this.sh(
      'kill $(cat /tmp/writer.pid); i=0; until [ -s /tmp/result ]; do i=$((i+1)); [ $i -lt 240 ] || { cat /tmp/writer.log; exit 1; }; sleep 0.5; done; cat /tmp/result',
    );
    return JSON.parse(answer) as Written;
  }

  async stop(): Promise<void> {
    await kubectl(['delete', 'pod', this.name, `--namespace=${this.namespace}`, '--ignore-not-found', '--wait=false']);
  }
}
