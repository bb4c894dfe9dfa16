import { z } from 'zod';
import { access, replicas, resources } from '../../config/options';
import { Component } from '../../core/component';
import { Deployment } from '../../core/controllers';
import { temporary } from '../../core/mount';
import type { Platform } from '../../core/platform';
import { http } from '../../core/probe';
import { sized } from '../../core/resources';
import { HttpRoute } from '../../core/route';
import { images } from '../../images';

export const mlflowOptions = z.strictObject({
  image: z.string().default(images.mlflow).describe('An image with mlflow, psycopg2 and boto3'),
  access: access('sso'),
  artifacts: z
    .enum(['proxied', 'direct'])
    .default('proxied')
    .describe(
      'proxied: clients send artifacts to MLflow; direct: clients write to the bucket and need keys of their own',
    ),
  workers: z.int().min(1).default(2).describe('Server processes'),
  replicas,
  resources,
});

/**
 * MLflow tracking server: runs and models in PostgreSQL, artifacts in an S3 bucket.
 * https://mlflow.org/docs/latest/self-hosting/architecture/tracking-server/
 */
export class Mlflow extends Component {
  constructor(platform: Platform, options: z.output<typeof mlflowOptions>) {
    super(platform, 'mlflow');
    const database = platform.sql().database('mlflow');
    const artifacts = platform.objectStore().bucket('mlflow');
    const publicHost = `mlflow.${platform.config.domain}`;
    const inside = `mlflow.${this.tier.namespace}.svc`;

    const server = new Deployment(this, 'mlflow', {
      image: options.image,
      command: ['mlflow', 'server', '--host=0.0.0.0', '--port=5000', `--workers=${options.workers}`],
      env: {
        MLFLOW_BACKEND_STORE_URI: database.url('postgresql+psycopg2'),
        MLFLOW_ARTIFACTS_DESTINATION: `${artifacts.url}/`,
        ...(options.artifacts === 'direct' ? { MLFLOW_DEFAULT_ARTIFACT_ROOT: `${artifacts.url}/` } : {}),
        MLFLOW_S3_ENDPOINT_URL: artifacts.endpoint.url(),
        ...artifacts.awsEnv,
        // The list replaces MLflow's own; it is matched against the Host header with its port.
        MLFLOW_SERVER_ALLOWED_HOSTS: [
          publicHost,
          inside,
          `${inside}:5000`,
          'mlflow',
          'mlflow:5000',
          'localhost:*',
        ].join(','),
        MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: `https://${publicHost}`,
        // The job runner keeps its queue on local disk, which no second replica sees.
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: false,
        MLFLOW_DISABLE_TELEMETRY: true,
        HOME: '/tmp',
      },
      ports: { http: 5000 },
      mounts: { '/tmp': temporary('tmp', '1Gi') },
      uses: [database, artifacts],
      user: { uid: 1000, gid: 1000 },
      replicas: options.replicas ?? platform.replicas(2),
      // The first start creates the schema.
      probes: { ready: http('/health'), startupSeconds: 300 },
      resources: sized(
        { requests: { cpu: '100m', memory: '768Mi' }, limits: { cpu: '2', memory: '2Gi' } },
        options.resources,
      ),
    });
    new HttpRoute(this, 'mlflow', {
      hosts: ['mlflow'],
      to: server.endpoint('http'),
      access: options.access,
      // Models of any size go through it.
      maxBody: 'none',
      // MLflow would send clients and browsers to the bucket by its address inside the cluster, where they wait for
      // minutes. Without these answers they let MLflow serve the artifacts: https://mlflow.org/docs/latest/self-hosting/architecture/artifact-store/
      hidden: [
        '/api/3.0/mlflow/server-info',
        '/ajax-api/2.0/mlflow-artifacts/presigned',
        '/ajax-api/2.0/mlflow/artifacts/presigned-download-url',
      ],
      tile: { title: 'MLflow', description: 'Experiments, runs and models', icon: 'mlflow.png' },
    });
  }
}
