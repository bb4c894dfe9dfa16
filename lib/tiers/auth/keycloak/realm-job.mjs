// Brings a realm of Keycloak to what a file says: node realm-job.mjs FILE
// What the file does not name stays: people, their groups and sessions, and whatever an administrator made by hand.
// https://www.keycloak.org/docs-api/latest/rest-api/index.html
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

const { KEYCLOAK_URL, SETUP_CLIENT, SETUP_SECRET, ADMIN_USERNAME, ADMIN_PASSWORD } = process.env;
const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const part = encodeURIComponent;

/** An error that is for the operator to mend; anything else is tried again by the job. */
class Refusal extends Error {}

/** Values of the environment in the place of `{ fromEnvironment: NAME }`. */
function filled(value) {
  if (Array.isArray(value)) return value.map(filled);
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.fromEnvironment !== 'string') {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner)]));
  }
  const found = process.env[value.fromEnvironment];
  if (!found) throw new Refusal(`The environment has no ${value.fromEnvironment}.`);
  return found;
}

const send = (path, options) =>
  fetch(`${KEYCLOAK_URL}${path}`, {
    ...options,
    // Keycloak takes plain HTTP from private addresses only, which those of pods need not be.
    headers: { 'x-forwarded-proto': 'https', ...options.headers },
    signal: AbortSignal.timeout(60_000),
  });

const tokenPath = '/realms/master/protocol/openid-connect/token';
const form = (fields) => ({ method: 'POST', body: new URLSearchParams(fields) });

let token = { value: '', until: 0 };
/** It lives for a minute. */
async function bearer() {
  if (Date.now() > token.until) {
    const fields = { grant_type: 'client_credentials', client_id: SETUP_CLIENT, client_secret: SETUP_SECRET };
    const response = await send(tokenPath, form(fields));
    if (response.status === 400 || response.status === 401) {
      throw new Refusal(
        `Keycloak does not know the client ${SETUP_CLIENT} by the secret of the Secret keycloak-setup: its database was ` +
          'made with another one. Put the former Secret back, or follow “A lost Secret” in docs/sign-on.md.',
      );
    }
    if (!response.ok) throw new Error(`no token: ${response.status} ${await response.text()}`);
    const { access_token, expires_in } = await response.json();
    token = { value: access_token, until: Date.now() + expires_in * 500 };
  }
  return token.value;
}

/** The answer, undefined for 404. Error messages hold what Keycloak says, never what was sent. */
async function ask(method, path, body) {
  const response = await send(`/admin/realms${path}`, {
    method,
    headers: { authorization: `Bearer ${await bearer()}`, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (response.status === 404 && method === 'GET') return undefined;
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
  return text === '' ? undefined : JSON.parse(text);
}

let changes = 0;
function say(what) {
  changes++;
  console.log(what);
}

/** What Keycloak answers in the place of a secret. */
const hidden = '**********';

/** Whether `found` already is what `wanted` says of it. An empty text is as good as none; the order of lists is free. */
function holds(found, wanted) {
  if (Array.isArray(wanted)) {
    const sorted = (list) => [...list].map((item) => JSON.stringify(item)).sort();
    const filledIn = (list) => list.filter((item) => item !== '');
    if (Array.isArray(found) && found[0] === hidden) return true;
    return isDeepStrictEqual(sorted(filledIn(found ?? [])), sorted(filledIn(wanted)));
  }
  if (typeof wanted === 'object' && wanted !== null) {
    return Object.entries(wanted).every(([key, value]) => holds(found?.[key], value));
  }
  return found === hidden || (found ?? '') === wanted;
}

/** `found` with what `wanted` says. Keycloak takes whole objects, and forgets what is left out of them. */
function merged(found, wanted) {
  const result = { ...found, ...wanted };
  for (const key of ['attributes', 'config']) {
    if (found[key] && wanted[key]) result[key] = { ...found[key], ...wanted[key] };
  }
  return result;
}

const hides = (found) => JSON.stringify(found).includes(JSON.stringify(hidden));

/**
 * Makes a thing, or brings it to what is wanted. Where Keycloak shows no secrets, they are set each time.
 * @returns whether it was made
 */
async function ensure(what, found, wanted, collection, path) {
  if (found === undefined) {
    await ask('POST', collection, wanted);
    say(`${what}: made`);
    return true;
  }
  const same = holds(found, wanted);
  if (!same || hides(found)) await ask('PUT', path(found), merged(found, wanted));
  if (!same) say(`${what}: brought up to date`);
  return false;
}

async function ensureMappers(what, found, wanted, collection) {
  for (const mapper of wanted) {
    const known = found?.find(({ name }) => name === mapper.name);
    await ensure(`${what}, mapper ${mapper.name}`, known, mapper, collection, ({ id }) => `${collection}/${id}`);
  }
}

async function settings({ settings: wanted, master }) {
  const found = await ask('GET', `/${wanted.realm}`);
  await ensure(`realm ${wanted.realm}`, found, wanted, '', () => `/${wanted.realm}`);
  // The rights to a new realm are in new tokens only.
  if (found === undefined) token.until = 0;
  await ensure('realm master', await ask('GET', '/master'), master, '', () => '/master');
}

/** The flow for people whom a broker sends for the first time: which account is theirs they say by its password. */
async function linking(realm, alias) {
  const flows = `/${realm}/authentication/flows`;
  if ((await ask('GET', flows)).some((flow) => flow.alias === alias)) return;
  const description = 'People who come by a broker for the first time sign in to their account here, too';
  await ask('POST', flows, { alias, description, providerId: 'basic-flow', topLevel: true, builtIn: false });
  await ask('POST', `${flows}/${part(alias)}/executions/execution`, { provider: 'idp-username-password-form' });
  const [execution] = await ask('GET', `${flows}/${part(alias)}/executions`);
  await ask('PUT', `${flows}/${part(alias)}/executions`, { ...execution, requirement: 'REQUIRED' });
  say(`flow ${alias}: made`);
}

/** @returns the ids of the scopes, which every client gets */
async function clientScopes(realm, wanted) {
  const collection = `/${realm}/client-scopes`;
  for (const { protocolMappers, ...scope } of wanted) {
    const find = async () => (await ask('GET', collection)).find(({ name }) => name === scope.name);
    await ensure(`client scope ${scope.name}`, await find(), scope, collection, ({ id }) => `${collection}/${id}`);
    const { id, protocolMappers: found } = await find();
    await ensureMappers(
      `client scope ${scope.name}`,
      found,
      protocolMappers,
      `${collection}/${id}/protocol-mappers/models`,
    );
    const defaults = await ask('GET', `/${realm}/default-default-client-scopes`);
    if (!defaults.some((one) => one.id === id)) {
      await ask('PUT', `/${realm}/default-default-client-scopes/${id}`);
      say(`client scope ${scope.name}: given to every new client`);
    }
  }
  const names = wanted.map(({ name }) => name);
  return (await ask('GET', collection)).filter(({ name }) => names.includes(name));
}

async function rolesAndGroups(realm, { roles, groups }) {
  for (const name of roles) {
    if (await ask('GET', `/${realm}/roles/${part(name)}`)) continue;
    await ask('POST', `/${realm}/roles`, { name });
    say(`role ${name}: made`);
  }
  const byPath = (path) => ask('GET', `/${realm}/group-by-path/${path.slice(1).split('/').map(part).join('/')}`);
  for (const path of groups) {
    if (await byPath(path)) continue;
    const end = path.lastIndexOf('/');
    const parent = end > 0 ? await byPath(path.slice(0, end)) : undefined;
    await ask('POST', `/${realm}/groups${parent ? `/${parent.id}/children` : ''}`, { name: path.slice(end + 1) });
    say(`group ${path}: made`);
  }
}

async function clients(realm, wanted, scopes, made) {
  const collection = `/${realm}/clients`;
  for (const { protocolMappers, ...client } of wanted) {
    const what = `client ${client.clientId}`;
    const find = async () => (await ask('GET', `${collection}?clientId=${part(client.clientId)}`))[0];
    await ensure(what, await find(), client, collection, ({ id }) => `${collection}/${id}`);
    const { id, protocolMappers: found } = await find();
    await ensureMappers(what, found, protocolMappers, `${collection}/${id}/protocol-mappers/models`);
    const given = await ask('GET', `${collection}/${id}/default-client-scopes`);
    for (const scope of scopes.filter((one) => !given.some((other) => other.id === one.id))) {
      await ask('PUT', `${collection}/${id}/default-client-scopes/${scope.id}`);
      say(`${what}: given the scope ${scope.name}`);
    }
  }
  const names = wanted.map(({ clientId }) => clientId);
  for (const { id, clientId, attributes = {} } of await ask('GET', collection)) {
    if (attributes[made.name] !== made.value || names.includes(clientId)) continue;
    await ask('DELETE', `${collection}/${id}`);
    say(`client ${clientId}: removed, since the platform no longer declares it`);
  }
}

/** Brokers that are no longer declared are disabled: without them, people would lose the link to their account. */
async function identityProviders(realm, wanted, made) {
  const collection = `/${realm}/identity-provider/instances`;
  const mark = { [made.name]: made.value };
  const path = ({ alias }) => `${collection}/${part(alias)}`;
  for (const provider of wanted) {
    const marked = { ...provider, config: { ...provider.config, ...mark } };
    await ensure(`broker ${provider.alias}`, await ask('GET', path(provider)), marked, collection, path);
  }
  const names = wanted.map(({ alias }) => alias);
  for (const found of await ask('GET', collection)) {
    if (found.config[made.name] !== made.value || names.includes(found.alias) || !found.enabled) continue;
    await ask('PUT', path(found), { ...found, enabled: false });
    say(`broker ${found.alias}: disabled, since the platform no longer declares it`);
  }
}

/** Directories that are no longer declared are disabled: with them, the people who came from there would go. */
async function federations(realm, wanted, made) {
  const { id: parentId } = await ask('GET', `/${realm}`);
  const [collection, providerType] = [`/${realm}/components`, 'org.keycloak.storage.UserStorageProvider'];
  const path = ({ id }) => `${collection}/${id}`;
  const all = () => ask('GET', `${collection}?parent=${parentId}&type=${providerType}`);
  for (const { mappers, ...federation } of wanted) {
    const what = `federation ${federation.name}`;
    const find = async () => (await all()).find(({ name }) => name === federation.name);
    await ensure(what, await find(), { ...federation, providerType, parentId }, collection, path);
    const { id } = await find();
    const found = await ask('GET', `${collection}?parent=${id}`);
    const type = 'org.keycloak.storage.ldap.mappers.LDAPStorageMapper';
    const typed = mappers.map((mapper) => ({ ...mapper, providerType: type, parentId: id }));
    await ensureMappers(what, found, typed, collection);
  }
  const names = wanted.map(({ name }) => name);
  for (const found of await all()) {
    const isOn = found.config.enabled?.[0] !== 'false';
    if (!found.name.startsWith(`${made.value}-`) || names.includes(found.name) || !isOn) continue;
    await ask('PUT', path(found), { ...found, config: { ...found.config, enabled: ['false'] } });
    say(`federation ${found.name}: disabled, since the platform no longer declares it`);
  }
}

/** Somebody who exists is left alone. @returns whether that one was made */
async function makeUser(realm, { password, ...user }, temporary) {
  const collection = `/${realm}/users`;
  const has = async (query) => (await ask('GET', `${collection}?${query}&exact=true`)).length > 0;
  if (await has(`username=${part(user.username)}`)) return false;
  if (user.email && (await has(`email=${part(user.email)}`))) {
    console.log(`user ${user.username} of ${realm}: not made, since somebody else has the address ${user.email}`);
    return false;
  }
  const credentials = [{ type: 'password', value: password, temporary }];
  await ask('POST', collection, { ...user, enabled: true, credentials });
  say(`user ${user.username} of ${realm}: made`);
  return true;
}

/** The administrator for people, with the password of the Secret; the client of this job remains apart from it. */
async function administrator() {
  const user = { username: ADMIN_USERNAME, password: ADMIN_PASSWORD };
  const made = await makeUser('master', user, false);
  const [{ id }] = await ask('GET', `/master/users?username=${part(ADMIN_USERNAME)}&exact=true`);
  if (made) {
    await ask('POST', `/master/users/${id}/role-mappings/realm`, [await ask('GET', '/master/roles/admin')]);
    return;
  }
  const fields = { grant_type: 'password', client_id: 'admin-cli', username: ADMIN_USERNAME, password: ADMIN_PASSWORD };
  if ((await send(tokenPath, form(fields))).ok) return;
  const password = { type: 'password', value: ADMIN_PASSWORD, temporary: false };
  await ask('PUT', `/master/users/${id}/reset-password`, password);
  say(`user ${ADMIN_USERNAME} of master: has the password of the Secret`);
}

/** Keycloak warns of what it made at its first start, as long as that is called temporary. */
async function keepSetupClient() {
  const [found] = await ask('GET', `/master/clients?clientId=${part(SETUP_CLIENT)}`);
  const wanted = { name: 'Set-up by the platform', attributes: { is_temporary_admin: '' } };
  await ensure(`client ${SETUP_CLIENT}`, found, wanted, '/master/clients', ({ id }) => `/master/clients/${id}`);
}

async function answers() {
  const response = await send('/realms/master', {}).catch(() => undefined);
  return response?.ok === true;
}

async function main(file) {
  const wanted = filled(JSON.parse(readFileSync(file, 'utf8')));
  while (!(await answers())) await sleep(2000);
  const { realm } = wanted.settings;
  await keepSetupClient();
  await administrator();
  await settings(wanted);
  await linking(realm, wanted.linkingFlow);
  const scopes = await clientScopes(realm, wanted.clientScopes);
  await rolesAndGroups(realm, wanted);
  await clients(realm, wanted.clients, scopes, wanted.madeBy);
  await identityProviders(realm, wanted.identityProviders, wanted.madeBy);
  await federations(realm, wanted.federations, wanted.madeBy);
  for (const user of wanted.users) {
    const requiredActions = ['UPDATE_PASSWORD'];
    await makeUser(realm, { ...user, emailVerified: true, requiredActions }, true);
  }
  if (changes === 0) console.log('nothing to change');
}

main(process.argv[2]).catch((error) => {
  console.error(error instanceof Refusal ? error.message : (error.stack ?? error));
  process.exitCode = 1;
});
