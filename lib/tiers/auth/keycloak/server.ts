import type { SqlDatabase } from '../../../bindings/sql-database';
import { caFile } from '../../../core/ca-certificates';
import type { Component } from '../../../core/component';
import { ConfigFiles } from '../../../core/config-files';
import type { ContainerProps } from '../../../core/container';
import { Deployment } from '../../../core/controllers';
import { Credential, literal, password } from '../../../core/credential';
import type { EnvValue } from '../../../core/env';
import { temporary, type MountSource } from '../../../core/mount';
import { http } from '../../../core/probe';
import { images } from '../../../images';
import type { KeycloakOptions } from './options';
import { outside } from './outside';

const home = '/opt/keycloak';
const kc = `${home}/bin/kc.sh`;

/** What Keycloak was built for, as it calls it; rewritten by a build. Some 4 MiB. */
const built: MountSource = temporary('build', '64Mi');

/** Where it writes, and nowhere else: the build, logs of transactions, and temporary files. */
const writable: Record<string, MountSource> = {
  [`${home}/lib/quarkus`]: built,
  [`${home}/data`]: temporary('data', '64Mi'),
  '/tmp': temporary('tmp', '256Mi'),
};

/**
 * Options that take effect by a build only; https://www.keycloak.org/server/all-config?f=build
 * Everything else is read at the start.
 */
const buildOptions: Record<string, EnvValue> = {
  KC_DB: 'postgres',
  KC_HEALTH_ENABLED: true,
  KC_METRICS_ENABLED: true,
  // Counts of people who sign in, or fail to.
  KC_EVENT_METRICS_USER_ENABLED: true,
};

/**
 * Containers that build Keycloak for these options, since the image is built for none of them, and its root stays read-only:
 * the result lies in a volume. https://www.keycloak.org/server/configuration#_optimize_the_keycloak_startup
 */
const buildContainers: Record<string, ContainerProps> = {
  'copy-build': {
    image: images.keycloak,
    command: ['sh', '-c', `cp -R ${home}/lib/quarkus/. /build/`],
    mounts: { '/build': built },
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '500m', memory: '64Mi' } },
  },
  build: {
    image: images.keycloak,
    command: [kc, 'build'],
    env: { ...buildOptions, HOME: '/tmp', JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx512m' },
    mounts: writable,
    resources: { requests: { cpu: '100m', memory: '512Mi' }, limits: { cpu: '2', memory: '1Gi' } },
  },
};

interface ServerEnvProps {
  /** Public address, for example `https://keycloak.example.org`. */
  readonly url: string;
  /** Whether people can come to the administrators' pages by the public address. */
  readonly adminConsole: boolean;
  readonly database: SqlDatabase;
  readonly replicas: number;
}

/** https://www.keycloak.org/server/all-config */
function serverEnv({ url, adminConsole, database, replicas }: ServerEnvProps): Record<string, EnvValue> {
  return {
    ...buildOptions,
    KC_DB_URL: `jdbc:postgresql://${database.endpoint.address}/${database.name}`,
    KC_DB_USERNAME: database.key('username'),
    KC_DB_PASSWORD: database.key('password'),
    KC_DB_POOL_INITIAL_SIZE: 1,
    KC_DB_POOL_MIN_SIZE: 1,
    KC_DB_POOL_MAX_SIZE: 20,
    // Tokens name the public address whoever asks for them; programs inside the cluster are led to where they asked.
    KC_HOSTNAME: url,
    KC_HOSTNAME_BACKCHANNEL_DYNAMIC: true,
    ...(adminConsole ? {} : { KC_HOSTNAME_ADMIN: 'http://localhost:8080' }),
    KC_HTTP_ENABLED: true,
    // TLS ends at the gateway, which says who asked; a policy lets nobody else but the platform's programs in.
    KC_PROXY_HEADERS: 'xforwarded',
    ...(replicas > 1 ? clusterEnv : { KC_CACHE: 'local' }),
    KC_RUN_IN_CONTAINER: true,
    // The rest is for what Java keeps beside its heap.
    JAVA_OPTS_KC_HEAP: '-XX:InitialRAMPercentage=25 -XX:MaxRAMPercentage=55',
    HOME: '/tmp',
  };
}

/**
 * Pods find each other by a table of the database, and speak TLS with certificates that they keep there.
 * https://www.keycloak.org/server/caching
 */
const clusterEnv: Record<string, EnvValue> = {
  KC_CACHE: 'ispn',
  KC_CACHE_STACK: 'jdbc-ping',
  KC_CACHE_EMBEDDED_MTLS_ENABLED: true,
  // Otherwise it looks for an address in the private ranges, where those of pods need not be.
  KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS: { fieldPath: 'status.podIP' },
};

/**
 * Gives the client of the set-up job the secret of the first line of the input, signed in by the former one, or by the new
 * one where it was told before. Secrets stay off the command line.
 */
const newSetupSecret = `set -eu
umask 077
IFS= read -r next
config=$(mktemp)
trap 'rm -f "$config"' EXIT
export KC_OPTS=-Xmx64m
kcadm() { ${home}/bin/kcadm.sh "$@" --config "$config"; }
sign_in() {
  KC_CLI_CLIENT_SECRET=$1 kcadm config credentials --server http://127.0.0.1:8080 --realm master \\
    --client "$KC_BOOTSTRAP_ADMIN_CLIENT_ID" < /dev/null > /dev/null
}
sign_in "$KC_BOOTSTRAP_ADMIN_CLIENT_SECRET" 2> /dev/null || sign_in "$next"
id=$(kcadm get clients -r master -q "clientId=$KC_BOOTSTRAP_ADMIN_CLIENT_ID" --fields id --format csv --noquotes < /dev/null)
printf '{"secret":"%s"}' "$next" | kcadm update "clients/$id" -r master --merge --file -
`;

/**
 * The client that the set-up job signs in as. The first start makes it, and never again: its secret lives in the database.
 * @param server in which its secret is changed
 */
export function setupClient(self: Component, server: () => Deployment): Credential {
  return new Credential(self, `${self.name}-setup`, {
    keys: { clientId: literal('hearth-setup'), clientSecret: password(40) },
    rotation: {
      by: 'command',
      in: server,
      command: ['sh', '-c', newSetupSecret],
      input: ({ clientSecret = '' }) => `${clientSecret}\n`,
    },
  });
}

const truststore = '/etc/keycloak/truststore';

export interface ServerProps {
  readonly options: KeycloakOptions;
  /** Public address. */
  readonly url: string;
  readonly database: SqlDatabase;
  /** See {@link setupClient}. */
  readonly setup: Credential;
}

/** Where certificates are that it trusts besides those of Java: https://www.keycloak.org/server/keycloak-truststore */
function truststores({ platform }: Component, options: KeycloakOptions): Record<string, EnvValue> {
  const ownToo = platform.config.caCertificates !== undefined && outside(options).internet !== undefined;
  const paths = [...(options.federation.ldap?.ca === undefined ? [] : [truststore]), ...(ownToo ? [caFile] : [])];
  return paths.length > 0 ? { KC_TRUSTSTORE_PATHS: paths.join(',') } : {};
}

/** The pods of Keycloak. */
export function startServer(self: Component, { options, url, database, setup }: ServerProps): Deployment {
  const count = self.replicas;
  const ca = options.federation.ldap?.ca;
  return new Deployment(self, self.name, {
    image: images.keycloak,
    command: [kc, 'start', '--optimized'],
    replicas: count,
    env: {
      ...serverEnv({ url, adminConsole: options.adminConsole, database, replicas: count }),
      KC_BOOTSTRAP_ADMIN_CLIENT_ID: setup.key('clientId'),
      KC_BOOTSTRAP_ADMIN_CLIENT_SECRET: setup.key('clientSecret'),
      ...truststores(self, options),
    },
    ports: {
      http: 8080,
      management: { port: 9000, offered: false },
      ...(count > 1 ? { jgroups: { port: 7800, offered: false }, 'jgroups-fd': { port: 57800, offered: false } } : {}),
    },
    ...(count > 1 ? { peers: { ports: ['jgroups', 'jgroups-fd'], why: 'caches of its pods' } } : {}),
    mounts: {
      ...writable,
      ...(ca === undefined ? {} : { [truststore]: new ConfigFiles(self, `${self.name}-truststore`, { 'ldap.pem': ca }) }),
    },
    init: buildContainers,
    ...outside(options),
    user: { uid: 1000, gid: 1000 },
    // Its first start makes the tables, and an upgrade changes them.
    probes: {
      ready: http('/health/ready', 'management'),
      live: http('/health/live', 'management'),
      startupSeconds: 600,
    },
    // The gateway hears of the stop before it begins.
    preStop: ['sleep', '5'],
    terminationGraceSeconds: 60,
    metrics: { port: 'management', path: '/metrics' },
    resources: { requests: { cpu: '200m', memory: '768Mi' }, limits: { cpu: '2', memory: '1536Mi' } },
  });
}
