import { defineProof } from '../cluster/support/proof';
import type { ProofContext } from '../cluster/support/proof-context';

/** From outside, with the token of its administrator; {@link access} has the variables. */
const connect = `
import requests
def post(path, **request):
    answer = requests.post('https://' + host + path, verify='/tmp/ca.crt', timeout=30, params={'org': 'hy_home', 'bucket': 'metrics'},
                           **{'headers': {'Authorization': 'Token ' + token}, **request})
    if answer.status_code >= 300:
        raise RuntimeError(f'{path}: {answer.status_code} {answer.text}')
    return answer.text
`;

const access = async (context: ProofContext) => ({
  host: context.host(context.service),
  token: await context.secret(context.service, 'token'),
});

/** A hundred values for each name. */
export const proof = defineProof({
  component: 'influxdb',
  services: { influxdb: { storage: '1Gi' } },

  async write(context, name) {
    // A value of the same time and tag takes the place of the one before.
    const script = `${connect}
post('/api/v2/write', data='\\n'.join(f'proof,name={name} value={n / 8} {1700000000 + n}000000000' for n in range(100)))
`;
    await context.python(script, { ...(await access(context)), name });
  },

  async read(context) {
    const script = `${connect}
import csv, json
flux = 'from(bucket: "metrics") |> range(start: 2020-01-01T00:00:00Z) |> keep(columns: ["_time", "_value", "name"])'
found = {}
for row in csv.DictReader(line for line in post('/api/v2/query', json={'query': flux}).splitlines() if line):
    if row['_time'] != '_time':
        found.setdefault(row['name'], []).append(row['_time'] + ' ' + row['_value'])
print(json.dumps({name: ', '.join(sorted(values)) for name, values in found.items()}))
`;
    return JSON.parse(await context.python(script, await access(context))) as Record<string, string>;
  },

  also: {
    'it was set up, and no process or log shows the password or the token': async (context) => {
      const processes = await context.processes();
      const logs = await context.logs();
      expect(processes).toContain('influxd');
      expect(logs).toContain('made the user admin');
      for (const key of ['password', 'token']) {
        expect(`${processes}${logs}`).not.toContain(await context.secret(context.service, key));
      }
    },
    'nobody writes without a token, and its metrics are not for the world': async (context) => {
      const script = `${connect}
for path, headers in (('/api/v2/write', {}), ('/api/v2/write', {'Authorization': 'Token wrong'}), ('/metrics', {})):
    print(requests.post('https://' + host + path, headers=headers, verify='/tmp/ca.crt', timeout=30).status_code)
`;
      expect((await context.python(script, await access(context))).split('\n')).toEqual(['401', '401', '404']);
    },
  },

  afterDeletion: {
    'it is not set up again': async (context) => {
      expect(await context.logs('set-up')).toBe('');
    },
  },
});
