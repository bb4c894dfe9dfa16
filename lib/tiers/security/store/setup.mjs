// Brings a store to the state that a file describes, and keeps it there: node setup.mjs STATE PART...
//   store      founds it, opens it, and makes engines, policies and who may sign in
//   databases  tells it how users of databases are made
// It can run again at any time. It prints names, and no value.
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Final, Kubernetes, leader, Node, sleep } from './client.mjs';

const {
  CA_FILE,
  ADMIN_PASSWORD,
  SETUP_SECRET_ID,
  SNAPSHOT_SECRET_ID,
  DATABASE_PASSWORD,
  PATIENCE = '600',
} = process.env;
const [file, ...parts] = process.argv.slice(2);
const state = JSON.parse(readFileSync(file, 'utf8'));
const ca = readFileSync(CA_FILE);
const nodes = state.nodes.map((address) => new Node(address, ca));
const say = (line) => console.log(line);
const setupRole = 'hearth-setup';
const snapshotRole = 'hearth-snapshot';
const policyPrefix = 'hearth-';

/** The Secret with what only the first start tells; its manifest is there before, without data. */
const keys = {
  path: `/api/v1/namespaces/${state.keys.namespace}/secrets/${state.keys.secret}`,
  name: `${state.keys.namespace}/${state.keys.secret}`,
  kubernetes: new Kubernetes(),
  async read() {
    const { data = {} } = await this.kubernetes.ask('GET', this.path);
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );
  },
  /** @param values undefined takes a key away */
  async write(values, query = '') {
    const data = Object.entries(values).map(([key, value]) => [
      key,
      value === undefined ? null : Buffer.from(value).toString('base64'),
    ]);
    await this.kubernetes.ask('PATCH', `${this.path}${query}`, { data: Object.fromEntries(data) });
  },
};

/** Makes the storage, once; whoever loses what this answers has lost the storage. */
async function found() {
  const states = await Promise.all(nodes.map((node) => node.state()));
  if (states.some((one) => one?.initialized)) return;
  const silent = nodes.filter((_, i) => !states[i]);
  // A node that does not answer could hold the data of before.
  if (silent.length > 0) throw new Error(`waiting for ${silent.map(({ address }) => address).join(', ')}`);
  const before = await keys.read();
  // What could not be written down must not be made.
  await keys.write({ 'root-token': 'rehearsal' }, '?dryRun=All');
  const shares = state.unseal === 'people' ? { shares: 5, threshold: 3 } : { shares: 1, threshold: 1 };
  const kind = state.unseal === 'itself' ? 'recovery' : 'secret';
  const made = await nodes[0].write('sys/init', {
    [`${kind}_shares`]: shares.shares,
    [`${kind}_threshold`]: shares.threshold,
  });
  const name = kind === 'recovery' ? 'recovery-keys' : 'unseal-keys';
  const lines = (kind === 'recovery' ? made.recovery_keys_base64 : made.keys_base64).join('\n');
  // A backup of an earlier storage opens with the keys of then.
  const earlier = [before[name], before[`earlier-${name}`]].filter(Boolean).join('\n');
  const values = {
    [name]: lines,
    'root-token': made.root_token,
    ...(earlier ? { [`earlier-${name}`]: earlier } : {}),
  };
  await withPatience(() => keys.write(values), `${state.title} has its storage, whose keys are nowhere but here`);
  say(`${state.title} has its storage now; its keys are in the Secret ${keys.name}`);
}

/** Opens what is closed, with the keys of the Secret where there are some. */
async function unseal() {
  if (state.unseal === 'itself') return [];
  const { 'unseal-keys': lines = '' } = await keys.read();
  const closed = [];
  for (const node of nodes) {
    let now = await node.state();
    if (!now?.initialized || !now.sealed) continue;
    for (const key of lines.split('\n').filter(Boolean)) {
      now = await node.write('sys/unseal', { key });
      if (!now.sealed) break;
    }
    if (now.sealed) closed.push(node);
    else say(`opened ${node.address}`);
  }
  return closed;
}

/** The node that leads, once one does. */
async function opened() {
  const closed = await unseal();
  try {
    return await leader(nodes);
  } catch (error) {
    if (closed.length === 0) throw error;
    const which = closed.map(({ address }) => address).join(', ');
    throw new Error(`sealed: ${which}. Open them with your keys; this job goes on by itself then`);
  }
}

/** The node that leads, for whoever may set it up. */
async function signedIn(node) {
  const own = SETUP_SECRET_ID && (await node.signIn(setupRole, SETUP_SECRET_ID));
  if (own) return own;
  const { 'root-token': token } = await keys.read();
  if (token) return node.as(token);
  throw new Final(
    `${state.title} lets this job in neither by the AppRole ${setupRole} nor by a root token in the Secret ${keys.name}. ` +
      'Where a backup of another time was restored, or the role was removed: put a token of the administrator, or a root ' +
      'token made with the keys, there under root-token, and let this job run again. Where the data may go: delete the claims.',
  );
}

async function store() {
  await withPatience(found);
  const node = await withPatience(opened);
  const signed = await withPatience(() => signedIn(node));
  await withPatience(() => configure(signed));
  await withPatience(() => giveBackRoot(node));
  if (state.unseal !== 'itself') await withPatience(everyNode, undefined, 180);
}

/** Without the keys of the Secret, people open the other ones. */
async function everyNode() {
  const { 'unseal-keys': lines } = await keys.read();
  if (!lines) return;
  await unseal();
  const states = await Promise.all(nodes.map((node) => node.state()));
  const left = nodes.filter((_, i) => states[i]?.sealed !== false);
  if (left.length > 0) throw new Error(`still closed: ${left.map(({ address }) => address).join(', ')}`);
}

async function configure(node) {
  await signInMethods(node);
  await engines(node);
  await policies(node);
  await appRole(node, setupRole, SETUP_SECRET_ID);
  await appRole(node, snapshotRole, SNAPSHOT_SECRET_ID);
  await node.write(`auth/userpass/users/${state.administrator}`, {
    password: ADMIN_PASSWORD,
    token_policies: ['hearth-administrator'],
    token_ttl: '1h',
    token_max_ttl: '12h',
  });
  await serviceAccounts(node);
  await transit(node);
  if (state.pki) await pki(node, state.pki);
  if (state.audit) await audit(node);
}

async function signInMethods(node) {
  const there = await node.read('sys/auth');
  // Of type jwt, and not kubernetes: it knows the keys of the cluster, and asks nobody about a token.
  for (const [path, type] of Object.entries({ approle: 'approle', userpass: 'userpass', kubernetes: 'jwt' })) {
    if (!sameType(there, path, type)) await node.write(`sys/auth/${path}`, { type });
  }
}

async function engines(node) {
  const there = await node.read('sys/mounts');
  for (const { path, type, options } of state.engines) {
    if (sameType(there, path, type)) continue;
    await node.write(`sys/mounts/${path}`, { type, options });
    say(`made the engine ${path}/`);
  }
}

/** What is at a path already, if it is of that type. */
function sameType(there, path, type) {
  const found = (there.data ?? there)[`${path}/`];
  if (found && found.type !== type) throw new Final(`${path}/ is of type ${found.type}, and must be of type ${type}`);
  return found;
}

async function policies(node) {
  for (const [name, policy] of Object.entries(state.policies)) await node.write(`sys/policies/acl/${name}`, { policy });
  const there = await node.list('sys/policies/acl');
  for (const name of there.filter((one) => one.startsWith(policyPrefix) && !(one in state.policies))) {
    await node.ask('DELETE', `sys/policies/acl/${name}`);
    say(`removed the policy ${name}`);
  }
}

/** A role with one secret that came from outside; an earlier one no longer holds. */
async function appRole(node, role, secretId) {
  const path = `auth/approle/role/${role}`;
  if (!secretId) return;
  await node.write(path, { token_policies: [role], token_ttl: '20m', token_max_ttl: '1h' });
  await node.write(`${path}/role-id`, { role_id: role });
  const known = async () => (await node.write(`${path}/secret-id/lookup`, { secret_id: secretId }))?.data;
  if (!(await known())) await node.write(`${path}/custom-secret-id`, { secret_id: secretId });
  const { secret_id_accessor: current } = (await known()) ?? {};
  for (const accessor of await node.list(`${path}/secret-id`)) {
    if (accessor === current) continue;
    await node.write(`${path}/secret-id-accessor/destroy`, { secret_id_accessor: accessor });
  }
}

/** Tokens of pods are checked with the keys that the cluster signs them with. */
async function serviceAccounts(node) {
  const { issuer } = await keys.kubernetes.ask('GET', '/.well-known/openid-configuration');
  const { keys: published } = await keys.kubernetes.ask('GET', '/openid/v1/jwks');
  await node.write('auth/kubernetes/config', {
    bound_issuer: issuer,
    jwt_validation_pubkeys: published.map((key) =>
      createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).trim(),
    ),
  });
  for (const [role, { namespace, serviceAccount, policy }] of Object.entries(state.roles)) {
    await node.write(`auth/kubernetes/role/${role}`, {
      role_type: 'jwt',
      user_claim: 'sub',
      bound_audiences: [state.audience],
      bound_subject: `system:serviceaccount:${namespace}:${serviceAccount}`,
      token_policies: [policy],
      token_ttl: '1h',
      token_max_ttl: '4h',
    });
  }
}

async function transit(node) {
  for (const [key, type] of Object.entries(state.transit)) {
    const found = await node.find(`transit/keys/${key}`);
    if (!found) await node.write(`transit/keys/${key}`, { type });
    else if (found.data.type !== type) {
      throw new Final(`the key ${key} is of type ${found.data.type}; give a key of type ${type} another name`);
    }
  }
}

async function pki(node, { commonName, rootTtl, maxTtl, domains, url }) {
  await node.write('sys/mounts/pki/tune', { max_lease_ttl: rootTtl });
  if ((await node.list('pki/issuers')).length === 0) {
    await node.write('pki/root/generate/internal', {
      common_name: commonName,
      issuer_name: 'root',
      key_type: 'ec',
      key_bits: 256,
      ttl: rootTtl,
    });
    say(`made the root certificate ${commonName}`);
  }
  await node.write('pki/config/urls', { issuing_certificates: [`${url}/ca`], crl_distribution_points: [`${url}/crl`] });
  await node.write('pki/config/auto-tidy', { enabled: true, tidy_cert_store: true, tidy_revoked_certs: true });
  await node.write('pki/roles/platform', {
    allowed_domains: domains,
    allow_bare_domains: true,
    allow_subdomains: true,
    key_type: 'ec',
    key_bits: 256,
    max_ttl: maxTtl,
    ttl: maxTtl,
  });
}

/** To the standard output: a full disk could not hold it up, and every request with it. */
async function audit(node) {
  const there = await node.read('sys/audit');
  if (!(there.data ?? there)['stdout/']) {
    await node.write('sys/audit/stdout', { type: 'file', options: { file_path: 'stdout' } });
  }
}

/** The root token ends as soon as this job can do without. */
async function giveBackRoot(node) {
  const { 'root-token': token } = await keys.read();
  if (!token) return;
  if (!(await node.signIn(setupRole, SETUP_SECRET_ID))) throw new Error(`the AppRole ${setupRole} does not work yet`);
  try {
    await node.as(token).write('auth/token/revoke-self');
  } catch (error) {
    // It has ended already.
    if (error.status !== 403) throw error;
  }
  await keys.write({ 'root-token': undefined });
  say('the root token has ended');
}

async function databases() {
  const { host, user, names, roles } = state.databases;
  // Filled in by the store.
  const signIn = '{{username}}:{{password}}';
  const signed = await withPatience(async () => {
    const own = await (await leader(nodes)).signIn(setupRole, SETUP_SECRET_ID);
    if (!own) throw new Error('the store is not set up yet');
    return own;
  });
  for (const name of names) {
    const allowed = Object.entries(roles).flatMap(([role, { database }]) => (database === name ? [role] : []));
    await withPatience(() =>
      signed.write(`database/config/${name}`, {
        plugin_name: 'postgresql-database-plugin',
        connection_url: `postgresql://${signIn}@${host}/${name}?sslmode=disable`,
        username: user,
        password: DATABASE_PASSWORD,
        // Statements, and so the log of the server, hold a hash instead of the password.
        password_authentication: 'scram-sha-256',
        allowed_roles: allowed,
      }),
    );
  }
  for (const [role, { database, create, revoke, ttl, maxTtl }] of Object.entries(roles)) {
    await signed.write(`database/roles/${role}`, {
      db_name: database,
      creation_statements: create,
      revocation_statements: revoke,
      default_ttl: ttl,
      max_ttl: maxTtl,
    });
  }
  say(`knows how to make users: ${Object.keys(roles).join(', ')}`);
}

/** Tries again, since nodes, policies and databases may come later. @param note what is at stake meanwhile */
async function withPatience(attempt, note, seconds = Number(PATIENCE)) {
  const end = Date.now() + seconds * 1000;
  for (let last = ''; ;) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof Final || (note === undefined && Date.now() > end)) throw error;
      if (error.message !== last) say([error.message, note].filter(Boolean).join('; '));
      last = error.message;
      await sleep(3);
    }
  }
}

try {
  if (parts.includes('store')) await store();
  if (parts.includes('databases')) await databases();
  say('done');
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
