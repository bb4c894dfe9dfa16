import { catalogue } from '../../../../lib/catalogue';
import { ConfigError } from '../../../../lib/core/problem';
import { archived, type VolumeBackup } from '../../../../lib/core/backup';
import { DaemonSet, Deployment, StatefulSet } from '../../../../lib/core/controllers';
import type { Platform } from '../../../../lib/core/platform';
import { Volume } from '../../../../lib/core/volume';
import { departures } from '../../../../lib/derived/exceptions';
import { platformPage } from '../../../../lib/derived/platform-pages';
import type { Kinds } from '../../../support/kubernetes';
import { all, container, containersOf, envOf, find, objectsOf } from '../../../support/objects';
import { geoai, sleeper, testPlatform, type TestEntry } from '../../../support/platforms';

const target = { endpoint: 'https://s3.hearth.dev', bucket: 'backups' };
const platform = (options: object = {}) => geoai({}, { backup: { target, ...options } });
const objects = (options: object = {}) => objectsOf(platform(options));
const job = (name: string, options: object = {}) => find(objects(options), 'CronJob', name).spec;
const pod = (name: string, options: object = {}) => job(name, options).jobTemplate.spec.template;
const script = (name: string, of: string, options: object = {}) => container(pod(name, options), of).command.at(-1);

test('without the service there is no backup', () => {
  expect(geoai().graph.backups).toEqual([]);
  expect(all(objectsOf(geoai()), 'CronJob')).toEqual([]);
});

test('every volume that says how has two jobs, in the namespace of its program, the most critical first', () => {
  const { backups } = platform().graph;
  expect(
    backups.map(({ name, component, workload, volume, priority, method }) => [
      name,
      component.name,
      `${workload.name}/${volume.name}`,
      priority,
      method,
    ]),
  ).toEqual([
    ['postgis', 'postgis', 'postgis/data', 'critical', 'pg_dump'],
    ['minio', 'minio', 'minio/data', 'critical', 'bucket-mirror'],
    ['rustdesk', 'rustdesk', 'hbbs/data', 'medium', 'archive'],
  ]);
  expect(backups.map(({ backup, restore }) => [`${backup.namespace}/${backup.name}`, restore.name])).toEqual([
    ['geoai-data/postgis-backup', 'postgis-restore'],
    ['geoai-data/minio-backup', 'minio-restore'],
    ['geoai-tooling/rustdesk-backup', 'rustdesk-restore'],
  ]);
  expect(new Set(backups.map(({ repository }) => repository))).toEqual(
    new Set(['postgis', 'minio', 'rustdesk'].map((name) => `s3:https://s3.hearth.dev/backups/geoai/${name}`)),
  );
});

test.each(['postgis', 'minio', 'rustdesk'])('the jobs of %s', (name) => {
  expect({ backup: job(`${name}-backup`), restore: job(`${name}-restore`) }).toMatchSnapshot();
});

test('a backup runs on its schedule, a restore never by itself', () => {
  const times = (options: object) => all(objects(options), 'CronJob').map(({ spec }) => [spec.schedule, spec.suspend]);
  expect(times({})).toEqual(
    Array(3)
      .fill([
        ['0 1 * * *', false],
        ['0 1 * * *', true],
      ])
      .flat(),
  );
  expect(times({ schedule: '30 2 * * 0' })[0]).toEqual(['30 2 * * 0', false]);
});

test('a failed run leaves its pod, is tried once more, and ends after six hours', () => {
  for (const { spec } of all(objects(), 'CronJob')) {
    expect(spec.jobTemplate.spec).toMatchObject({ activeDeadlineSeconds: 21600, backoffLimit: 1 });
    expect(spec.jobTemplate.spec.template.spec.restartPolicy).toBe('Never');
  }
});

test('containers: the target is reached first; a dump is saved and loaded, an archive made while the program is stopped', () => {
  const names = (name: string) => {
    const { spec } = pod(name);
    return [spec.initContainers.map((init) => init.name), spec.containers.map((main) => main.name)];
  };
  for (const name of ['postgis', 'minio']) {
    expect(names(`${name}-backup`)).toEqual([['reach-target', 'save'], ['backup']]);
    expect(names(`${name}-restore`)).toEqual([['reach-target', 'fetch'], ['load']]);
  }
  expect(names('rustdesk-backup')).toEqual([
    ['reach-target', 'stop'],
    ['backup', 'start'],
  ]);
  expect(names('rustdesk-restore')).toEqual([['reach-target', 'fetch'], ['load']]);
});

test('pods run as the user of the program, and a dump has space as large as the volume', () => {
  expect(pod('postgis-backup').spec.securityContext).toMatchObject({ runAsUser: 999, runAsGroup: 999 });
  const size = (name: string) => pod(name).spec.volumes.find((volume) => volume.name === 'backup')?.emptyDir.sizeLimit;
  expect([size('postgis-backup'), size('minio-restore')]).toEqual(['20Gi', '50Gi']);
});

test('the keys of the target are the operator’s, the password encrypts; only the keys rotate', () => {
  const credential = platform().graph.credentials.find(({ name }) => name === 'backup');
  expect(credential?.keys).toEqual({
    accessKeyId: { kind: 'supplied', what: 'access key of the backup target' },
    secretAccessKey: { kind: 'supplied', what: 'secret key of the backup target' },
    password: { kind: 'password', length: 32 },
  });
  expect(credential?.rotation).toEqual({ keys: ['accessKeyId', 'secretAccessKey'], by: 'restart' });
  expect(credential?.secrets.map(({ namespace, keys }) => [namespace, keys.length])).toEqual([
    ['geoai-data', 3],
    ['geoai-tooling', 3],
  ]);
  expect(envOf(container(pod('postgis-backup'), 'backup'))).toMatchObject({
    RESTIC_REPOSITORY: 's3:https://s3.hearth.dev/backups/geoai/postgis',
    RESTIC_PASSWORD: 'backup/password',
    AWS_ACCESS_KEY_ID: 'backup/accessKeyId',
    AWS_SECRET_ACCESS_KEY: 'backup/secretAccessKey',
    AWS_DEFAULT_REGION: 'us-east-1',
  });
});

test('no secret stands in a command', () => {
  for (const { spec } of all(objects(), 'CronJob')) {
    for (const { command } of containersOf(spec.jobTemplate.spec.template)) {
      expect(command.join(' ')).not.toMatch(/RESTIC_PASSWORD|AWS_|\$PGPASSWORD/);
    }
  }
});

test('the kubelet expands nothing in a script', () => {
  for (const { spec } of all(objects(), 'CronJob')) {
    for (const { command, env } of containersOf(spec.jobTemplate.spec.template)) {
      const names = env.map(({ name }) => name);
      const expanded = [...command.join(' ').matchAll(/\$\$|\$\(([A-Za-z_][\w.-]*)\)/g)];
      expect(expanded.filter(([text, name = '']) => text === '$$' || names.includes(name))).toEqual([]);
    }
  }
});

test('how long snapshots are kept', () => {
  expect(script('postgis-backup', 'backup')).toContain('--keep-daily=7 --keep-weekly=4 --keep-monthly=6');
  expect(script('postgis-backup', 'backup', { keep: { daily: 3, monthly: 0 } })).toContain(
    '--keep-within=1d --keep-daily=3 --keep-weekly=4 --keep-monthly=0',
  );
});

test('another region and folder, and a port', () => {
  const options = { target: { endpoint: 'http://10.0.0.5:9000', bucket: 'b-1', region: 'eu-west-1', path: 'a/b' } };
  expect(envOf(container(pod('minio-backup', options), 'backup'))).toMatchObject({
    RESTIC_REPOSITORY: 's3:http://10.0.0.5:9000/b-1/a/b/minio',
    AWS_DEFAULT_REGION: 'eu-west-1',
  });
  expect(script('minio-backup', 'reach-target', options)).toContain('nc -w 10 10.0.0.5 9000 -e true');
  expect(policy('minio-backup', options).egress).toContainEqual({
    to: [{ ipBlock: { cidr: '0.0.0.0/0' } }],
    ports: [{ port: 9000, protocol: 'TCP' }],
  });
});

const policy = (name: string, options: object = {}): Kinds['NetworkPolicy']['spec'] =>
  find(objects(options), 'NetworkPolicy', name).spec;

test('the ports of http and https', () => {
  const reached = (endpoint: string) => script('minio-backup', 'reach-target', { target: { ...target, endpoint } });
  expect(reached('https://s3.hearth.dev')).toContain('nc -w 10 s3.hearth.dev 443 ');
  expect(reached('http://s3.hearth.dev')).toContain('nc -w 10 s3.hearth.dev 80 ');
});

test('jobs reach the program and the target, and no more', () => {
  expect(policy('postgis-backup').egress).toEqual([
    expect.objectContaining({ ports: [expect.objectContaining({ port: 53 }), expect.objectContaining({ port: 53 })] }),
    {
      to: [
        {
          podSelector: {
            matchLabels: { 'app.kubernetes.io/name': 'postgis', 'app.kubernetes.io/instance': 'postgis' },
          },
        },
      ],
      ports: [{ port: 5432, protocol: 'TCP' }],
    },
    { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 443, protocol: 'TCP' }] },
  ]);
  expect(policy('postgis-restore')).not.toHaveProperty('ingress');
});

test('an own certificate authority is a file, and restic is told', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  const options = { target: { ...target, certificateAuthority: pem } };
  expect(find(objects(options), 'ConfigMap', 'minio-backup-authority').data).toEqual({ 'ca.crt': pem });
  const told = (job: string, name: string, of?: typeof options) =>
    container(find(objects(of), 'CronJob', job).spec.jobTemplate.spec.template, name).env.find(
      (variable) => variable.name === 'RESTIC_CACERT',
    )?.value;
  expect(told('minio-backup', 'backup', options)).toBe('/etc/backup/ca.crt');
  expect(told('minio-restore', 'fetch', options)).toBe('/etc/backup/ca.crt');
  expect(told('minio-backup', 'backup')).toBe(undefined);
});

test('who may stop a program, and that pods of a backup gather where the volume is', () => {
  const { rules } = find(objects(), 'Role', 'geoai-tooling-rustdesk-backup');
  expect(rules).toEqual([
    { apiGroups: ['apps'], resources: ['statefulsets'], resourceNames: ['hbbs'], verbs: ['get'] },
    { apiGroups: ['apps'], resources: ['statefulsets/scale'], resourceNames: ['hbbs'], verbs: ['patch'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
  ]);
  expect(departures(platform()).filter(({ what }) => what === 'service-account token')).toContainEqual(
    expect.objectContaining({ why: expect.stringContaining('hbbs') as string }),
  );
  expect(JSON.stringify(pod('rustdesk-backup').spec.affinity)).toContain('"app.kubernetes.io/instance":"hbbs"');
  expect(pod('rustdesk-backup').spec.volumes).toContainEqual({
    name: 'data',
    persistentVolumeClaim: { claimName: 'data-hbbs-0' },
  });
  expect(pod('rustdesk-restore').spec).not.toHaveProperty('serviceAccountName');
});

test('the page of a platform lists its backups', () => {
  const page = platformPage(platform());
  expect(page).toContain('### Backups');
  expect(page).toContain('`s3:https://s3.hearth.dev/backups/geoai/postgis`');
  expect(platformPage(geoai())).not.toContain('### Backups');
});

describe('components of other kinds', () => {
  test('a volume that nobody wants backed up is not, whichever way it would be', () => {
    expect(archived('none')).toBe('none');
    expect(archived('medium')).toEqual({ priority: 'medium', method: 'archive' });
  });

  const archive: VolumeBackup = archived('high');
  const volume = (name: string, backup: VolumeBackup = archive) => new Volume(name, { size: '1Gi', backup });
  const built = (build: TestEntry['build']) => {
    const services = { app: {}, gateway: {}, backup: { target } };
    return testPlatform({ app: { build } }, { services }, catalogue);
  };
  const backups = (build: TestEntry['build']) => built(build).graph.backups.map(({ name }) => name);
  const claims = (platform: Platform) =>
    all(objectsOf(platform), 'CronJob').map(({ spec }) =>
      spec.jobTemplate.spec.template.spec.volumes.flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []),
    );

  test('a deployment has one claim, however many pods it has', () => {
    const platform = built((component) => {
      new Deployment(component, 'web', { ...sleeper, replicas: 2, mounts: { '/data': volume('data') } });
    });
    expect(platform.graph.backups.map(({ name }) => name)).toEqual(['app']);
    expect(claims(platform)).toEqual([['web-data'], ['web-data']]);
    const stop = container(find(objectsOf(platform), 'CronJob', 'app-backup').spec.jobTemplate.spec.template, 'stop');
    expect(envOf(stop)).toMatchObject({ PROGRAM: 'deployments/web' });
  });

  test('each replica of a stateful set has its own; only one of them is archived at a time', () => {
    const platform = built((component) => {
      new StatefulSet(component, 'web', { ...sleeper, replicas: 2, mounts: { '/data': volume('data') } });
    });
    expect(platform.graph.backups.map(({ name }) => name)).toEqual(['app-0', 'app-1']);
    expect(claims(platform)).toEqual([['data-web-0'], ['data-web-0'], ['data-web-1'], ['data-web-1']]);
    const { template } = find(objectsOf(platform), 'CronJob', 'app-1-backup').spec.jobTemplate.spec;
    expect(envOf(container(template, 'stop'))['BACKUPS']).toContain('in (app-0-backup,app-1-backup)');
    expect(JSON.stringify(template.spec.affinity)).toContain('"statefulset.kubernetes.io/pod-name":"web-1"');
  });

  test('several volumes of a component are told apart by name, and one that can be made again is left out', () => {
    expect(
      backups((component) => {
        const mounts = { '/a': volume('a'), '/b': volume('b', archived('critical')) };
        new Deployment(component, 'web', { ...sleeper, mounts: { ...mounts, '/c': volume('c', 'none') } });
      }),
    ).toEqual(['app-b', 'app-a']);
  });

  test('all archives of one program wait for each other', () => {
    const platform = built((component) => {
      new Deployment(component, 'web', { ...sleeper, mounts: { '/a': volume('a'), '/b': volume('b') } });
    });
    const { template } = find(objectsOf(platform), 'CronJob', 'app-a-backup').spec.jobTemplate.spec;
    expect(envOf(container(template, 'stop'))['BACKUPS']).toContain('in (app-a-backup,app-b-backup)');
  });

  test('what cannot be stopped cannot be archived', () => {
    expect(() =>
      built((component) => void new DaemonSet(component, 'web', { ...sleeper, mounts: { '/data': volume('data') } })),
    ).toThrow('web has a volume that is archived, but a DaemonSet cannot be stopped');
  });
});

describe('a platform file says what is wrong', () => {
  const says = (backup: unknown) => {
    try {
      geoai({}, { backup });
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.problems.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`);
    }
  };

  test.each<[string, unknown, string[]]>([
    ['nothing', null, [': is empty; write target: with endpoint and bucket of an S3 service outside this cluster']],
    [
      'no target',
      { schedule: '0 1 * * *' },
      ['target: is missing; write endpoint and bucket of an S3 service outside this cluster'],
    ],
    [
      'an empty target',
      { target: {} },
      [
        'target.endpoint: is missing; write for example https://s3.eu-central-1.amazonaws.com',
        'target.bucket: is missing; write the name of a bucket of the S3 service',
      ],
    ],
    ...['s3.hearth.dev', 'https://s3.hearth.dev/folder', 'ftp://s3.hearth.dev', 's3://bucket'].map(
      (endpoint): [string, unknown, string[]] => [
        `endpoint ${endpoint}`,
        { target: { ...target, endpoint } },
        ['target.endpoint: must be a URL without a path; write for example https://s3.eu-central-1.amazonaws.com'],
      ],
    ),
    [
      'a bucket',
      { target: { ...target, bucket: 'My_Bucket' } },
      ['target.bucket: must be 3 to 63 lower-case letters, digits, dots and dashes; write for example backups'],
    ],
    [
      'a path',
      { target: { ...target, path: '../up' } },
      ['target.path: must be folder names with slashes between them; write for example platforms/geoai'],
    ],
    [
      'a private key for a certificate',
      { target: { ...target, certificateAuthority: 'ca.crt' } },
      ['target.certificateAuthority: must be certificates in PEM; write "certificateAuthority: |" and the text below, indented'],
    ],
    ...['daily', '0 1 * *', '60 1 * * *', '0 24 * * *', '0 1 0 * *', '0 1 * * 7', '*/0 * * * *', '0 1 * foo *'].map(
      (schedule): [string, unknown, string[]] => [
        `schedule ${schedule}`,
        { target, schedule },
        ['schedule: must be the five fields of cron, as numbers; write for example "0 1 * * *"'],
      ],
    ),
    ['no day', { target, keep: { daily: 0 } }, ['keep.daily: must be at least 1; write 1']],
  ])('%s', (_, backup, messages) => expect(says(backup)).toEqual(messages));

  test.each(['*/15 0-6,22 * jan-mar mon,3', '0 1 1-31/2 * 0', '59 23 * 12 sun'])('and takes the schedule %s', (schedule) =>
    expect(says({ target, schedule })).toEqual([]),
  );
});
