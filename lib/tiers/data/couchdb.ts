import { z } from 'zod';
import { dumped } from '../../core/backup';
import type { Component } from '../../core/component';
import { ConfigFiles } from '../../core/config-files';
import { Job, peerHosts, StatefulSet } from '../../core/controllers';
import { Credential, hexadecimal, literal, password } from '../../core/credential';
import { dataVersion } from '../../core/data-version';
import { defineComponent } from '../../core/definition';
import { gateway } from '../../core/gateway';
import { temporary } from '../../core/mount';
import { http, tcp } from '../../core/probe';
import { majority } from '../../core/replicas';
import { HttpRoute } from '../../core/route';
import { Volume } from '../../core/volume';
import { images } from '../../images';
import { backup, metrics } from '../../options';
import { pbkdf2 } from './couchdb/password-hash';
import { replicaDump } from './couchdb/replica-dump';
import { ini, serverIni, startScript } from './couchdb/server';
import { systemDatabasesScript } from './couchdb/system-databases';

const options = z.strictObject({
  settings: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]*$/, {
        error: 'must be a section of CouchDB’s configuration; write for example couchdb',
      }),
      z.record(
        z.string().regex(/^[A-Za-z_][\w-]*$/, { error: 'must be a key of that section; write for example max_document_size' }),
        z.union([z.string().regex(/^[^\n\r]*$/, { error: 'must be one line' }), z.number(), z.boolean()], {
          error: 'must be text, a number, true or false; write for example 8000000',
        }),
      ),
    )
    .default({})
    .describe('Server settings by section, as in local.ini; they win over those of the platform'),
  metrics,
  backup: backup('high'),
});

/**
 * CouchDB: documents by HTTP and the pages of Fauxton at `couchdb.` below the domain; several pods are one cluster that keeps
 * each document three times. https://docs.couchdb.org/en/stable/cluster/index.html
 */
export const couchdb = defineComponent({
  title: 'CouchDB, documents that replicate',
  documentation: 'https://docs.couchdb.org/en/stable/',
  signIn: 'name and password of the administrator, and of those whom the administrator adds',
  keeps: 'all databases, in a backup as a dump of the running server',
  tier: 'data',
  replicas: majority(3),
  volumes: { data: '10Gi' },
  options,
  needs: { gateway },
  sizes: {
    small: { storage: '2Gi' },
    large: { storage: '100Gi', resources: { limits: { cpu: '4', memory: '4Gi' } } },
  },
  build(self, { options }) {
    const { replicas } = self;
    const peers = replicas > 1 ? peerHosts(self, self.name, replicas) : [];
    const admin = administrator(self);
    const data: Volume = self.volume(
      'data',
      dumped(options.backup, () => replicaDump({ endpoint: server.endpoint('http'), admin })),
    );
    const files = new ConfigFiles(self, self.name, {
      'start.sh': startScript,
      'couchdb.ini': ini(serverIni({ peers, metrics: options.metrics })),
      'settings.ini': ini(options.settings),
    });
    const server = new StatefulSet(self, self.name, {
      image: images.couchdb,
      command: ['tini', '--', 'sh', '/etc/couchdb/start.sh'],
      replicas,
      // None is ready before it met another one.
      parallel: replicas > 1,
      peers: { ports: replicas > 1 ? ['epmd', 'erlang'] : [], why: 'the cluster' },
      env: {
        HOME: '/run/couchdb',
        ADMIN_HASH: admin.key('passwordHash'),
        COOKIE_SECRET: admin.key('cookieSecret'),
        ERLANG_COOKIE: admin.key('erlangCookie'),
        CLUSTER_UUID: admin.key('uuid'),
        ERL_CRASH_DUMP: '/dev/null',
      },
      ports: {
        http: 5984,
        ...(replicas > 1 ? { epmd: { port: 4369, offered: false }, erlang: { port: 9100, offered: false } } : {}),
        ...(options.metrics ? { metrics: { port: 17986, offered: false } } : {}),
      },
      init: dataVersion({ volume: data, program: 'CouchDB', version: '3' }),
      mounts: {
        '/opt/couchdb/data': data,
        '/etc/couchdb': files,
        '/run/couchdb': temporary('run', '8Mi', 'memory'),
        '/tmp': temporary('tmp', '64Mi'),
      },
      user: { uid: 5984, gid: 5984 },
      // Without a key; 404 as long as it has not brought its lists of nodes, databases and users up to date from another node.
      probes: { ready: http('/_up'), live: tcp('http'), startupSeconds: 120 },
      // Requests under way come to their end.
      preStop: ['sleep', '5'],
      terminationGraceSeconds: 60,
      ...(options.metrics ? { metrics: { port: 'metrics', path: '/_node/_local/_prometheus' } } : {}),
      resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '1', memory: '1Gi' } },
    });
    if (replicas > 1) systemDatabases(server, admin);
    new HttpRoute(self, self.name, {
      hosts: [self.name],
      to: server.endpoint('http'),
      // It asks for a password itself.
      access: 'public',
      sticky: 'couchdb_sticky',
      tile: { title: 'CouchDB', description: 'Documents; its pages are at /_utils', icon: 'couchdb.png' },
    });
  },
});

/** The server reads all of it at each start; no data remembers it. */
function administrator(self: Component): Credential {
  return new Credential(self, self.name, {
    keys: {
      username: literal('admin'),
      password: password(24),
      // Made once: a session is signed with the salt, and holds on all nodes only where it is the same.
      passwordHash: pbkdf2('password'),
      cookieSecret: hexadecimal(40),
      erlangCookie: hexadecimal(40),
      uuid: hexadecimal(32),
    },
    // Nodes with different cookies of Erlang do not meet, and a new UUID would make replications start over.
    rotation: { by: 'restart', keys: ['password', 'cookieSecret'] },
  });
}

/** A single node makes them itself; the nodes of a cluster cannot know when all have come. */
function systemDatabases(server: StatefulSet, admin: Credential): void {
  const { component } = server;
  const name = `${component.name}-system-databases`;
  const endpoint = server.endpoint('http');
  const script = new ConfigFiles(component, name, { 'system-databases.sh': systemDatabasesScript(server.peerHosts) });
  new Job(component, name, {
    image: images.curl,
    command: ['sh', '/etc/couchdb/system-databases.sh'],
    env: {
      URL: endpoint.url(),
      USERNAME: admin.key('username'),
      PASSWORD: admin.key('password'),
      HOME: '/tmp',
    },
    mounts: { '/etc/couchdb': script, '/tmp': temporary('tmp', '8Mi') },
    uses: [{ endpoint, why: 'makes the databases of users and replications' }],
    user: { uid: 100, gid: 101 },
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '200m', memory: '64Mi' } },
  });
}
