import { defineProof } from '../cluster/support/proof';
import type { ProofContext } from '../cluster/support/proof-context';

/** From outside, with the keys of a bucket; {@link access} has the variables. */
const connect = `
import boto3, botocore
s3 = boto3.client('s3', endpoint_url='https://' + host, verify='/tmp/ca.crt', region_name='us-east-1',
                  aws_access_key_id=access_key, aws_secret_access_key=secret_key)
`;

const access = async (context: ProofContext) => ({
  host: context.host(`${context.service}-api`),
  access_key: await context.secret(`${context.service}-survey`, 'accessKeyId'),
  secret_key: await context.secret(`${context.service}-survey`, 'secretAccessKey'),
});

/** Two objects for each name, one of them of several parts and with a name that is awkward in URLs. */
export const proof = defineProof({
  component: 'minio',
  services: { minio: { storage: '1Gi', buckets: ['survey', 'other'] } },

  async write(context, name) {
    const script = `${connect}
s3.put_object(Bucket='survey', Key=name + '/small', Body=name.encode())
import io
content = b''.join(hashlib.sha256(f'{name} {n}'.encode()).digest() for n in range(300_000))
s3.upload_fileobj(io.BytesIO(content), 'survey', name + '/large é+%20?.bin')
`;
    await context.python(`import hashlib\n${script}`, { ...(await access(context)), name });
  },

  async read(context) {
    const script = `${connect}
import hashlib, json
found = {}
for key in sorted(o['Key'] for o in s3.list_objects_v2(Bucket='survey').get('Contents', [])):
    content = s3.get_object(Bucket='survey', Key=key)['Body'].read()
    name, rest = key.split('/')
    found[name] = found.get(name, '') + f'{rest} {len(content)} {hashlib.sha256(content).hexdigest()} '
print(json.dumps(found))
`;
    return JSON.parse(await context.python(script, await access(context))) as Record<string, string>;
  },

  also: {
    'the keys of a bucket open no other one': async (context) => {
      const script = `${connect}
for refused in (lambda: s3.list_objects_v2(Bucket='other'), lambda: s3.put_object(Bucket='other', Key='a', Body=b'a'),
                lambda: s3.create_bucket(Bucket='another')):
    try:
        refused()
        print('done')
    except botocore.exceptions.ClientError as error:
        print(error.response['Error']['Code'])
`;
      const answer = await context.python(script, await access(context));
      expect(answer.split('\n')).toEqual(['AccessDenied', 'AccessDenied', 'AccessDenied']);
    },
    'an object is not for whoever has no keys': async (context) => {
      const script = `
import requests
print(requests.get('https://' + host + '/survey/first/small', verify='/tmp/ca.crt', timeout=20).status_code)
`;
      expect(await context.python(script, await access(context))).toBe('403');
    },
  },
});
