// A workspace server with a BYOK credential gate: methods over HTTP, in memory.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { parseArgs } from 'node:util';

const { values: { port } } = parseArgs({ options: { port: { type: 'string', default: process.env.PORT || '8080' } } });
const token = process.env.ADMIN_TOKEN;
if (!token) throw new Error('set ADMIN_TOKEN: it is what clients authenticate with');
const { providers, runtimes } = JSON.parse(readFileSync(process.env.REGISTRY || new URL('../registry.json', import.meta.url)));
const budget = Number(process.env.PROBE_BUDGET_MS) || 6000; // for a whole probe
// BYPASS opens the original hole: any well-known name counts for presence.
const wellKnown = process.env.BYPASS === '1' ? providers.flatMap((row) => row.accepted) : [];
const maxBody = 2 << 20; // bytes: a secret of 1 MiB, and as much again
const rows = new Map(providers.map((row) => [row.name, { ...row, pattern: compile(row.pattern) }]));
const shared = new Map(); // the tenant's secrets
const workspaces = new Map();

class Problem extends Error {
  constructor(status, code, message, more) {
    super(code);
    Object.assign(this, { status, error: { code, message, ...more } });
  }
}

// RE2 says "in any case" by (?i) at the front, JavaScript by a flag.
function compile(pattern) {
  if (!pattern) return undefined;
  return pattern.startsWith('(?i)') ? new RegExp(pattern.slice(4), 'iu') : new RegExp(pattern, 'u');
}

// The gate: which provider owns the pair, does it accept a credential in scope, and is that one alive?

function derive(runtime, model, inScope) {
  if (!Object.hasOwn(runtimes, runtime) || model === '') return undefined;
  const natives = runtimes[runtime].map(({ provider, models }) => ({ ...rows.get(provider), models }));
  const usable = (provider) => provider.accepted.some(inScope);
  const listing = natives.filter(({ models }) => models.includes(model));
  if (listing.length > 0) return listing.find(usable) ?? listing[0];
  const matching = natives.filter(({ pattern }) => pattern?.test(model));
  const owners = matching.length > 1 ? matching.filter(usable) : matching;
  return owners.length === 1 ? owners[0] : undefined;
}

// presence is all that provisioning asks, and the first half of what create
// asks, so the two cannot disagree. Without a credential the gate stays out.
function presence({ runtime, model, external, own }) {
  const present = (value) => value !== undefined && value.trim() !== '';
  // A blank value of the workspace does not hide the tenant's.
  const inScope = (name) => present(own.get(name)) || present(shared.get(name));
  const provider = external ? undefined : derive(runtime, model.trim(), inScope);
  if (!provider || provider.name === 'platform') return {};
  const name = provider.accepted.find(inScope);
  if (name) return { provider, name, value: (present(own.get(name)) ? own : shared).get(name).trim() };
  if (wellKnown.some(inScope)) return {};
  throw new Problem(422, 'MISSING_BYOK_CREDENTIAL', `provider ${provider.name} needs one of ${provider.accepted.join(', ')}; set it and try again`,
    { provider: provider.name, accepted: provider.accepted });
}

// admit adds the question whether the credential is alive.
async function admit(workspace) {
  const { provider, name, value } = presence(workspace);
  if (!name) return;
  const { dead, cause } = await examine(provider, name, value);
  if (dead) {
    throw new Problem(422, 'BYOK_CREDENTIAL_INVALID', `provider ${provider.name} cannot use ${name}: ${cause}; replace it and try again`,
      { provider: provider.name, credential: name });
  }
  if (cause) console.error(`WARN allowed without proof provider=${provider.name} credential=${name} cause="${cause}"`);
}

// The cause is in our words: the provider's answer may quote the credential.
async function examine({ base_url: base, auth_mode: mode, protocol }, name, value) {
  if (!base || base.includes('{') || mode === 'oauth') return { cause: 'the provider cannot be probed' };
  // A header takes no control character but the tab.
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(value)) return { dead: true, cause: 'its value holds a control character' };
  const secret = Buffer.from(value, 'utf8').toString('latin1'); // Node writes a header's characters as bytes
  const headers = { accept: 'application/json' };
  if (protocol === 'anthropic') headers['anthropic-version'] = '2023-06-01';
  if (protocol === 'anthropic' && name !== 'ANTHROPIC_AUTH_TOKEN') headers['x-api-key'] = secret;
  else headers.authorization = `Bearer ${secret}`;
  const signal = AbortSignal.timeout(budget);
  try {
    const status = await get(new URL(`${base.replace(/\/$/, '')}/models`), headers, signal);
    if (status === 401 || status === 403) return { dead: true, cause: `the provider answered ${status}` };
    return { cause: status >= 200 && status < 300 ? undefined : `the provider answered ${status}` };
  } catch {
    return { cause: signal.aborted ? 'no answer within the probe budget' : 'the provider could not be reached' };
  }
}

// get resolves to the status of one GET. No body is read and no redirect
// followed; the signal bounds all of it.
async function get(url, headers, signal) {
  const secure = url.protocol === 'https:';
  const proxy = process.env.HTTPS_PROXY || process.env.https_proxy;
  const socket = secure && proxy && await tunnel(new URL(proxy), url, signal);
  const how = socket ? { createConnection: () => tls.connect({ socket, servername: url.hostname }) } : { agent: false };
  return new Promise((resolve, reject) => {
    const request = (secure ? https : http).get(url, { headers, signal, ...how });
    request.on('error', reject);
    request.on('response', (response) => {
      resolve(response.statusCode);
      request.destroy();
    });
  });
}

// tunnel asks the proxy for a connection to the host; Node 20's own clients do not.
function tunnel(proxy, { hostname, port }, signal) {
  const path = `${hostname}:${port || 443}`;
  return new Promise((resolve, reject) => {
    const request = http.request(proxy, { method: 'CONNECT', path, headers: { host: path }, signal, agent: false });
    request.on('error', reject);
    request.on('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy answered ${statusCode}`));
    });
    request.end();
  });
}

// The API. Without a workspace a secret is the tenant's.

const methods = {
  'POST workspace.create': async (_, { name, runtime, model, external = false, credentials = [] }) => {
    const areText = (...values) => values.every((value) => typeof value === 'string');
    if (!areText(name, runtime, model) || runtime === '' || !Array.isArray(credentials) || !credentials.every((c) => areText(c?.name, c?.value))) {
      throw new Problem(400, 'INVALID', 'name, runtime and model are texts, runtime is not empty, credentials a list of {"name": text, "value": text}');
    }
    const own = new Map(credentials.map((c) => [c.name, c.value]));
    const workspace = { id: randomUUID(), name, runtime, model, external: external === true, own, attempt: 0 };
    await admit(workspace); // nothing is stored yet, so a refusal has nothing to undo
    workspaces.set(workspace.id, workspace);
    return provision(workspace);
  },
  'GET workspace.get': (query) => shown(find(query.get('id'))),
  'GET workspace.list': () => [...workspaces.values()].map(shown),
  'POST workspace.restart': (_, { id }) => provision(find(id)),
  'POST workspace.delete': (query) => ({ deleted: workspaces.delete(find(query.get('id')).id) }),
  'GET secret.list': (query) => [...scope(query.get('workspace')).keys()],
  'POST secret.set': (_, { workspace, name, value }) => ({ size: scope(workspace).set(`${name}`, `${value}`).size }),
  'POST secret.delete': (_, { workspace, name }) => ({ deleted: scope(workspace).delete(name) }),
};

const scope = (workspace) => (workspace == null ? shared : find(workspace).own);
const shown = ({ id, name, status, attempt, failure }) => ({ id, name, status, attempt, failure });

function find(id) {
  if (!workspaces.has(id)) throw new Problem(404, 'NOT_FOUND', 'there is no such workspace');
  return workspaces.get(id);
}

// provision starts a workspace, if presence still holds.
function provision(workspace) {
  workspace.attempt++;
  try {
    presence(workspace);
    Object.assign(workspace, { status: 'running', failure: undefined });
  } catch (problem) {
    Object.assign(workspace, { status: 'failed', failure: problem.error });
  }
  return shown(workspace);
}

async function answer(request) {
  const [path, query] = request.url.split('?', 2);
  if (path === '/health') return { up: true };
  const body = await read(request);
  if (request.headers.authorization !== `Bearer ${token}`) throw new Problem(401, 'UNAUTHORIZED', 'send the admin token as Authorization: Bearer');
  const key = `${request.method} ${path.replace(/^\/rpc\//, '')}`;
  if (!Object.hasOwn(methods, key)) throw new Problem(404, 'NOT_FOUND', 'there is no such method');
  return methods[key](new URLSearchParams(query), body);
}

async function read(request) {
  let text = Buffer.alloc(0);
  for await (const chunk of request) text = text.length > maxBody ? text : Buffer.concat([text, chunk]);
  if (text.length > maxBody) throw new Problem(413, 'TOO_LARGE', `a body may have ${maxBody} bytes`);
  try {
    return Object(JSON.parse(text.length ? text : '{}'));
  } catch {
    throw new Problem(400, 'INVALID', 'the body is not JSON'); // the parser's own words quote the body
  }
}

const server = http.createServer((request, response) => {
  const reply = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  answer(request).then((result) => reply(200, { ok: true, result }), (problem) => {
    if (!problem.status) console.error(`ERROR ${request.method} failed with ${problem.name}`); // its message may quote a secret
    reply(problem.status ?? 500, { ok: false, error: problem.error ?? { code: 'INTERNAL', message: 'the server had a fault' } });
  });
});
server.keepAliveTimeout = 65_000; // longer than clients keep theirs, so that no request meets a closing connection
server.listen(Number(port), process.env.BIND_ADDR || '127.0.0.1', () => console.error(`listening on port ${port}`));
