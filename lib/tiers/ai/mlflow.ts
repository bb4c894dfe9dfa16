import { z } from 'zod';
import { objectStore } from '../../bindings/bucket';
import { sql } from '../../bindings/sql-database';
import { Deployment } from '../../core/controllers';
import { defineComponent } from '../../core/definition';
import { gateway } from '../../core/gateway';
import { temporary } from '../../core/mount';
import { hostsOf } from '../../core/override-hosts';
import { http } from '../../core/probe';
import { several } from '../../core/replicas';
import { HttpRoute } from '../../core/route';
import { images } from '../../images';
import { access } from '../../options';

/**
 * MLflow tracking server: runs and models in PostgreSQL, artifacts in an S3 bucket.
 * https://mlflow.org/docs/latest/self-hosting/architecture/tracking-server/
 */
export const mlflow = defineComponent({
  title: 'MLflow, experiment tracking and model registry',
  documentation: 'https://mlflow.org/docs/latest/',
  signIn: 'nothing itself: its route decides; it signs in to its database and its bucket with their credentials',
  tier: 'ai',
  replicas: several(2),
  options: z.strictObject({
    access: access('sso'),
    artifacts: z
      .enum(['proxied', 'direct'])
      .default('proxied')
      .describe('proxied: clients send artifacts to MLflow; direct: clients write to the bucket and need keys of their own'),
    workers: z.int().min(1).default(2).describe('Server processes'),
  }),
  needs: { gateway, sql, objectStore },
  sizes: {
    small: { workers: 1, resources: { requests: { cpu: '50m', memory: '512Mi' } } },
    large: {
      workers: 4,
      resources: { requests: { cpu: '500m', memory: '2Gi' }, limits: { cpu: '4', memory: '4Gi' } },
    },
  },
  build(self, { options, sql, objectStore }) {
    const database = sql.database(self.name);
    const artifacts = objectStore.bucket(self.name);
    const publicHosts = hostsOf(self, [self.name]);
    const inside = `${self.name}.${self.tier.namespace}.svc`;

    const server = new Deployment(self, self.name, {
      image: images.mlflow,
      command: ['mlflow', 'server', '--host=0.0.0.0', '--port=5000', `--workers=${options.workers}`],
      env: {
        MLFLOW_BACKEND_STORE_URI: database.url('postgresql+psycopg2'),
        MLFLOW_ARTIFACTS_DESTINATION: `${artifacts.url}/`,
        ...(options.artifacts === 'direct' ? { MLFLOW_DEFAULT_ARTIFACT_ROOT: `${artifacts.url}/` } : {}),
        MLFLOW_S3_ENDPOINT_URL: artifacts.endpoint.url(),
        ...artifacts.awsEnv,
        // The list replaces MLflow's own; it is matched against the Host header with its port.
        MLFLOW_SERVER_ALLOWED_HOSTS: [
          ...publicHosts,
          inside,
          `${inside}:5000`,
          self.name,
          `${self.name}:5000`,
          'localhost:*',
        ].join(','),
        MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: publicHosts.map((host) => `https://${host}`).join(','),
        // The job runner keeps its queue on local disk, which no second replica sees.
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: false,
        MLFLOW_DISABLE_TELEMETRY: true,
        HOME: '/tmp',
      },
      ports: { http: 5000 },
      mounts: { '/tmp': temporary('tmp', '1Gi') },
      user: { uid: 1000, gid: 1000 },
      replicas: self.replicas,
      // The first start creates the schema.
      probes: { ready: http('/health'), startupSeconds: 300 },
      resources: { requests: { cpu: '100m', memory: '768Mi' }, limits: { cpu: '2', memory: '2Gi' } },
    });
    new HttpRoute(self, self.name, {
      hosts: [self.name],
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
  },
});
