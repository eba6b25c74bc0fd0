// The credential gate: which provider owns (runtime, model), is there a
// credential that it accepts, and is that one alive? It stores nothing.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';

const present = (value) => value !== undefined && value.trim() !== '';
// A header takes no control character but the tab.
const malformed = (value) => /[\0-\x08\x0a-\x1f\x7f]/.test(value);

export class Gate {
  // bypass opens the original hole: any well-known name counts for presence.
  constructor({ registry, budget, bypass }) {
    const { providers, runtimes } = JSON.parse(readFileSync(registry, 'utf8'));
    const rows = new Map(providers.map((row) => [row.name, { ...row, pattern: compile(row.pattern) }]));
    // Maps, since a runtime may be called "constructor" by whoever asks.
    this.runtimes = new Map(Object.entries(runtimes).map(([name, natives]) => [
      name, natives.map(({ provider, models }) => ({ ...rows.get(provider), models })),
    ]));
    this.wellKnown = bypass ? providers.flatMap((row) => row.accepted) : [];
    this.budget = budget;
  }

  // presence is all that provisioning asks, and the first half of what create
  // asks, so the two cannot disagree. No refusal and no credential: the gate
  // stays out. It calls nobody.
  presence({ runtime, model, external, own, shared }) {
    if (external) return {};
    // A blank value of the workspace does not hide the tenant's.
    const inScope = (name) => present(own.get(name)) || present(shared.get(name));
    const provider = this.#derive(runtime, model.trim(), inScope);
    if (!provider || provider.name === 'platform') return {};
    const name = provider.accepted.find(inScope);
    if (name) {
      const value = (present(own.get(name)) ? own : shared).get(name).trim();
      return { provider, credential: { name, value } };
    }
    if (this.wellKnown.some(inScope)) return {};
    return { refusal: {
      code: 'MISSING_BYOK_CREDENTIAL', provider: provider.name, accepted: provider.accepted,
      message: `provider ${provider.name} needs one of ${provider.accepted.join(', ')}; set it and try again`,
    } };
  }

  // decide adds the question whether the credential is alive. A warning says
  // that nothing proved it; whoever allows the workspace has to log it.
  async decide(request) {
    const { refusal, provider, credential } = this.presence(request);
    if (!credential) return { refusal };
    const { dead, cause } = await this.#examine(provider, credential);
    if (dead) {
      return { refusal: {
        code: 'BYOK_CREDENTIAL_INVALID', provider: provider.name, credential: credential.name,
        message: `provider ${provider.name} cannot use ${credential.name}: ${cause}; replace it and try again`,
      } };
    }
    return { warning: cause && { provider: provider.name, credential: credential.name, cause } };
  }

  #derive(runtime, model, inScope) {
    const natives = this.runtimes.get(runtime);
    if (!natives || model === '') return undefined;
    const usable = (provider) => provider.accepted.some(inScope);
    const listing = natives.filter(({ models }) => models.includes(model));
    if (listing.length > 0) return listing.find(usable) ?? listing[0];
    const matching = natives.filter(({ pattern }) => pattern?.test(model));
    const owners = matching.length > 1 ? matching.filter(usable) : matching;
    return owners.length === 1 ? owners[0] : undefined;
  }

  // The cause is in our words: the provider's answer may quote the credential.
  async #examine(provider, { name, value }) {
    const base = provider.base_url;
    if (!base || base.includes('{') || provider.auth_mode === 'oauth') {
      return { cause: 'the provider cannot be probed' };
    }
    if (malformed(value)) return { dead: true, cause: 'its value holds a control character' };
    const signal = AbortSignal.timeout(this.budget);
    try {
      const status = await get(new URL(`${base.replace(/\/$/, '')}/models`), headers(provider, name, value), signal);
      if (status === 401 || status === 403) return { dead: true, cause: `the provider answered ${status}` };
      return { cause: status >= 200 && status < 300 ? undefined : `the provider answered ${status}` };
    } catch {
      return { cause: signal.aborted ? 'no answer within the probe budget' : 'the provider could not be reached' };
    }
  }
}

// RE2 says "in any case" by (?i) at the front, JavaScript by a flag.
function compile(pattern) {
  if (!pattern) return undefined;
  return pattern.startsWith('(?i)') ? new RegExp(pattern.slice(4), 'iu') : new RegExp(pattern, 'u');
}

function headers(provider, name, value) {
  // Node writes a header's characters as bytes, so UTF-8 has to be made before.
  const bytes = Buffer.from(value, 'utf8').toString('latin1');
  const version = provider.protocol === 'anthropic' ? { 'anthropic-version': '2023-06-01' } : {};
  const key = provider.protocol === 'anthropic' && name !== 'ANTHROPIC_AUTH_TOKEN';
  return { accept: 'application/json', ...version, ...(key ? { 'x-api-key': bytes } : { authorization: `Bearer ${bytes}` }) };
}

// get resolves to the status of one GET. The status decides, so no body is read
// and no redirect followed; the signal bounds all of it.
async function get(url, headers, signal) {
  const proxy = process.env.HTTPS_PROXY || process.env.https_proxy;
  const socket = url.protocol === 'https:' && proxy && await tunnel(new URL(proxy), url, signal);
  const createConnection = socket && (() => tls.connect({ socket, servername: url.hostname }));
  const client = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const request = client.get(url, { headers, signal, ...(createConnection ? { createConnection } : { agent: false }) });
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
