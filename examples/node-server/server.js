// A workspace server with a BYOK credential gate: methods over HTTP, in memory.
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Gate } from './gate.js';

const maxBody = 2 << 20; // bytes: a secret of 1 MiB, and as much again

const { values: options } = parseArgs({ options: {
  port: { type: 'string', default: process.env.PORT || '8080' },
  registry: { type: 'string', default: process.env.REGISTRY || fileURLToPath(new URL('../registry.json', import.meta.url)) },
} });
if (!process.env.ADMIN_TOKEN) {
  console.error('set ADMIN_TOKEN: it is what clients authenticate with');
  process.exit(2);
}
const gate = new Gate({
  registry: options.registry,
  budget: Number(process.env.PROBE_BUDGET_MS) || 6000,
  bypass: process.env.BYPASS === '1',
});
const shared = new Map(); // the tenant's secrets
const workspaces = new Map();

class Problem extends Error {
  constructor(status, error) {
    super(error.code);
    Object.assign(this, { status, error });
  }
}
const invalid = (message) => new Problem(400, { code: 'INVALID', message });
const missing = (message) => new Problem(404, { code: 'NOT_FOUND', message });
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const areText = (...values) => values.every((value) => typeof value === 'string');

const methods = {
  'POST workspace.create': async (_, { name, runtime, model, external = false, credentials = [] }) => {
    if (!areText(name, runtime, model) || typeof external !== 'boolean') {
      throw invalid('name, runtime and model are texts, external is true or false');
    }
    if (!Array.isArray(credentials) || !credentials.every((c) => isObject(c) && areText(c.name, c.value))) {
      throw invalid('credentials is a list of {"name": text, "value": text}');
    }
    const own = new Map(credentials.map((c) => [c.name, c.value]));
    // Nothing is stored before the gate has answered, so a refusal has nothing to undo.
    const { refusal, warning } = await gate.decide({ runtime, model, external, own, shared });
    if (refusal) throw new Problem(422, refusal);
    const workspace = { id: randomUUID(), name, runtime, model, external, own, attempt: 0 };
    if (warning) {
      console.error(`WARN allowed without proof workspace=${workspace.id} provider=${warning.provider} credential=${warning.credential} cause="${warning.cause}"`);
    }
    workspaces.set(workspace.id, workspace);
    provision(workspace);
    return shown(workspace);
  },
  'GET workspace.get': (query) => shown(find(query.get('id'))),
  'GET workspace.list': () => [...workspaces.values()].map(shown),
  'POST workspace.restart': (_, { id }) => {
    provision(find(id));
    return { id };
  },
  'POST workspace.delete': (query) => ({ deleted: workspaces.delete(find(query.get('id')).id) }),
  // Without a workspace a secret is the tenant's.
  'GET secret.list': (query) => [...scope(query.get('workspace')).keys()],
  'POST secret.set': (_, { workspace, name, value }) => {
    if (!areText(name, value)) throw invalid('name and value are texts');
    scope(workspace).set(name, value);
    return { name };
  },
  'POST secret.delete': (_, { workspace, name }) => {
    if (!scope(workspace).delete(name)) throw missing('there is no such secret');
    return { name };
  },
};

function find(id) {
  const workspace = workspaces.get(id);
  if (!workspace) throw missing('there is no such workspace');
  return workspace;
}

const scope = (workspace) => (workspace == null ? shared : find(workspace).own);

const shown = ({ id, name, status, attempt, failure }) => ({ id, name, status, attempt, failure });

// provision starts a workspace in the background, if presence still holds.
function provision(workspace) {
  const attempt = ++workspace.attempt;
  Object.assign(workspace, { status: 'provisioning', failure: undefined });
  setImmediate(() => {
    if (workspace.attempt !== attempt) return; // a later restart has taken over
    const { refusal } = gate.presence({ ...workspace, shared });
    Object.assign(workspace, { status: refusal ? 'failed' : 'running', failure: refusal });
  });
}

async function answer(request) {
  const [path, query] = request.url.split('?', 2);
  if (path === '/health') return { up: true };
  const body = await read(request);
  const digest = (text) => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${process.env.ADMIN_TOKEN}`))) {
    throw new Problem(401, { code: 'UNAUTHORIZED', message: 'send the admin token as Authorization: Bearer' });
  }
  const key = `${request.method} ${path.replace(/^\/rpc\//, '')}`;
  if (!Object.hasOwn(methods, key)) throw missing('there is no such method');
  return methods[key](new URLSearchParams(query), body);
}

async function read(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= maxBody) chunks.push(chunk); // the rest is read and dropped, so that the client sees the reply
  }
  if (size > maxBody) throw new Problem(413, { code: 'TOO_LARGE', message: `a body may have ${maxBody} bytes` });
  if (size === 0) return {};
  let body;
  try {
    body = JSON.parse(Buffer.concat(chunks));
  } catch {
    throw invalid('the body is not JSON'); // the parser's own words quote the body
  }
  if (!isObject(body)) throw invalid('the body is not an object');
  return body;
}

const server = http.createServer((request, response) => {
  const reply = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  answer(request).then((result) => reply(200, { ok: true, result }), (problem) => {
    if (problem instanceof Problem) return reply(problem.status, { ok: false, error: problem.error });
    if (request.destroyed && !request.complete) return; // the client left
    console.error(`ERROR ${request.method} failed with ${problem.name}`); // its message may quote a secret
    reply(500, { ok: false, error: { code: 'INTERNAL', message: 'the server had a fault' } });
  });
});
server.keepAliveTimeout = 65_000; // longer than clients keep theirs, so that no request meets a closing connection
server.listen(Number(options.port), process.env.BIND_ADDR || '127.0.0.1', () => console.error(`listening on port ${options.port}`));
