import { defineProof } from '../cluster/support/proof';
import type { ProofContext } from '../cluster/support/proof-context';

/** From outside, with the password of the gateway; {@link access} has the variables. */
const connect = `
import mlflow, os
os.environ.update(MLFLOW_TRACKING_USERNAME='admin', MLFLOW_TRACKING_PASSWORD=password,
                  MLFLOW_TRACKING_SERVER_CERT_PATH='/tmp/ca.crt', MLFLOW_HTTP_REQUEST_MAX_RETRIES='2')
mlflow.set_tracking_uri('https://' + host)
`;

const access = async (context: ProofContext) => ({
  host: context.host(context.service),
  password: await context.secret('gateway-basic-auth', 'password'),
});

/** A run for each name, with a metric and an artifact of one megabyte. */
export const proof = defineProof({
  component: 'mlflow',
  services: { mlflow: { workers: 1 }, minio: { storage: '1Gi' }, postgis: { storage: '1Gi' } },

  async write(context, name) {
    const script = `${connect}
mlflow.set_experiment('survey')
for run in mlflow.search_runs(experiment_names=['survey'], output_format='list'):
    if run.info.run_name == name:
        mlflow.delete_run(run.info.run_id)
with mlflow.start_run(run_name=name):
    mlflow.log_metric('accuracy', 0.75)
    open('/tmp/tile.bin', 'wb').write(name.encode().ljust(256) * 4096)
    mlflow.log_artifact('/tmp/tile.bin')
`;
    await context.python(script, { ...(await access(context)), name });
  },

  async read(context) {
    const script = `${connect}
import hashlib, json, sys
found = {}
for run in mlflow.search_runs(experiment_names=['survey'], output_format='list'):
    file = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path='tile.bin')
    content = open(file, 'rb').read()
    found[run.info.run_name] = f"{run.data.metrics['accuracy']} {len(content)} {hashlib.sha256(content).hexdigest()}"
print()
print(json.dumps(found))
`;
    const printed = await context.python(script, await access(context));
    return JSON.parse(printed.split('\n').at(-1) ?? '') as Record<string, string>;
  },

  also: {
    'it serves artifacts itself: nobody is sent to an address inside the cluster': async (context) => {
      const script = `
import requests
for method, path in (('GET', '/api/3.0/mlflow/server-info'), ('GET', '/ajax-api/2.0/mlflow-artifacts/presigned/1/a'),
                     ('POST', '/ajax-api/2.0/mlflow/artifacts/presigned-download-url'), ('GET', '/version')):
    answer = requests.request(method, 'https://' + host + path, auth=('admin', password), verify='/tmp/ca.crt', timeout=20)
    print(answer.status_code)
`;
      expect((await context.python(script, await access(context))).split('\n')).toEqual(['404', '404', '404', '200']);
    },
    'its artifacts lie in its bucket, whose keys open no other one': async (context) => {
      const keys = `minio-${context.service}`;
      const script = `
import boto3, botocore
s3 = boto3.client('s3', endpoint_url='https://' + host, verify='/tmp/ca.crt', region_name='us-east-1',
                  aws_access_key_id=access_key, aws_secret_access_key=secret_key)
print({o['Size'] for o in s3.list_objects_v2(Bucket=bucket)['Contents'] if o['Key'].endswith('/tile.bin')})
try:
    s3.create_bucket(Bucket='another')
    print('made another bucket')
except botocore.exceptions.ClientError as error:
    print(error.response['Error']['Code'])
`;
      const answer = await context.python(script, {
        host: context.host('minio-api'),
        bucket: context.service,
        access_key: await context.secret(keys, 'accessKeyId'),
        secret_key: await context.secret(keys, 'secretAccessKey'),
      });
      expect(answer.split('\n')).toEqual(['{1048576}', 'AccessDenied']);
    },
  },
});
