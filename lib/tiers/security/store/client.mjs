// Requests over HTTPS, to the nodes of the store and to the API of Kubernetes. Nothing that is sent or comes back is printed.
import { readFileSync } from 'node:fs';
import { request } from 'node:https';

export const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

/** An answer that is none of success. */
export class Refused extends Error {
  constructor(what, status, reason) {
    super(`${what}: ${status}${reason ? ` ${reason}` : ''}`);
    this.status = status;
    this.reason = reason;
  }
}

/** Another attempt cannot mend it. */
export class Final extends Error {}

/** The answer as it begins. @param options those of node:https, and `body`: text, or a stream with `length` bytes */
export function open(url, { body, length, ...options }) {
  return new Promise((resolve, reject) => {
    const made = request(url, { timeout: 60_000, ...options }, resolve);
    made.on('error', reject);
    made.on('timeout', () => made.destroy(new Error('no answer')));
    if (length !== undefined) made.setHeader('content-length', length);
    if (body?.pipe) {
      body.on('error', (error) => made.destroy(error));
      body.pipe(made);
    } else made.end(body);
  });
}

export async function textOf(answer) {
  const parts = [];
  for await (const part of answer) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** What the answer says; throws {@link Refused}. @param options of {@link open}; `json` is sent as such */
async function ask(method, url, { json, ca, headers = {}, type = 'application/json', ...options } = {}) {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const answer = await open(url, {
    method,
    ca,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': type }) },
    body,
    length: body === undefined ? undefined : Buffer.byteLength(body),
    ...options,
  });
  const text = await textOf(answer);
  const parsed = parse(text);
  if (answer.statusCode >= 400) {
    const reason = parsed?.errors?.join('; ') ?? parsed?.message ?? '';
    throw new Refused(`${method} ${new URL(url).pathname}`, answer.statusCode, String(reason).trim().slice(0, 400));
  }
  return parsed;
}

const parse = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** A node of the store. */
export class Node {
  /** @param ca certificates in PEM that it must be signed by */
  constructor(address, ca, token) {
    this.address = address;
    this.ca = ca;
    this.token = token;
  }

  /** The same node, for whoever holds the token. */
  as(token) {
    return new Node(this.address, this.ca, token);
  }

  get headers() {
    return this.token ? { 'x-vault-token': this.token } : {};
  }

  ask(method, path, json) {
    return ask(method, `${this.address}/v1/${path}`, { json, ca: this.ca, headers: this.headers });
  }

  read(path) {
    return this.ask('GET', path);
  }

  write(path, json = {}) {
    return this.ask('POST', path, json);
  }

  /** What is at a path, or undefined. */
  async find(path) {
    try {
      return await this.read(path);
    } catch (error) {
      if (error.status === 404) return undefined;
      throw error;
    }
  }

  /** The names below a path. */
  async list(path) {
    // The method LIST means the same, but not everything on the way knows it.
    return (await this.find(`${path}?list=true`))?.data.keys ?? [];
  }

  /** Whether it has data, and whether it is closed; undefined where it does not answer. */
  async state() {
    try {
      return await this.read('sys/seal-status');
    } catch {
      return undefined;
    }
  }

  /** Whether it leads. https://openbao.org/api-docs/system/health/ */
  async leads() {
    try {
      await this.read('sys/health');
      return true;
    } catch {
      return false;
    }
  }

  /** @returns the same node for whoever signs in by an AppRole, or undefined where that is refused */
  async signIn(role, secretId) {
    try {
      const { auth } = await this.write('auth/approle/login', { role_id: role, secret_id: secretId });
      return this.as(auth.client_token);
    } catch (error) {
      if (error.status >= 400 && error.status < 500) return undefined;
      throw error;
    }
  }
}

/** The one that leads. */
export async function leader(nodes) {
  for (const node of nodes) if (await node.leads()) return node;
  throw new Error('no node leads yet');
}

/** The API of Kubernetes, as the service account of the pod. */
export class Kubernetes {
  constructor(env = process.env) {
    const folder = env.SERVICE_ACCOUNT_FOLDER ?? '/var/run/secrets/kubernetes.io/serviceaccount';
    this.url = env.KUBERNETES_URL ?? 'https://kubernetes.default.svc';
    this.folder = folder;
  }

  ask(method, path, json) {
    return ask(method, `${this.url}${path}`, {
      json,
      type: 'application/merge-patch+json',
      ca: readFileSync(`${this.folder}/ca.crt`),
      headers: { authorization: `Bearer ${readFileSync(`${this.folder}/token`, 'utf8').trim()}` },
    });
  }
}
