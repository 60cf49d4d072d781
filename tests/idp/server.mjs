// A real OpenID provider for the tests: npm's certified oidc-provider, configured and no more.
//
// One JSON line on standard output when it listens: {"issuer": "http://127.0.0.1:…"}. Then each
// line in is a command, and a line out says that it is done:
//   {"do": "account", "id": "…", "claims": {…}}   what it says of that account
//   {"do": "rotate"}                              sign by a new key; the old one is published no more
// Clients register themselves (RFC 7591). People sign in by the forms of oidc-provider's own
// development pages. With `thrifty` the ID token holds what Core 1.0 asks for and the rest is at the
// UserInfo endpoint; without it the ID token holds everything. It ends when its standard input does.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import Provider from 'oidc-provider';
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';

console.info = console.warn = console.log = console.error;

const thrifty = process.argv.includes('thrifty');
const adapter = createMemoryAdapter(); // clients and sessions outlive a change of keys
const accounts = {};
let issuer;
let handle;

function key() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' };
}

function rotate() {
  handle = new Provider(issuer, {
    adapter,
    jwks: { keys: [key()] },
    cookies: { keys: ['only for tests'] },
    conformIdTokenClaims: thrifty,
    scopes: ['openid', 'email', 'profile'],
    claims: {
      email: ['email', 'email_verified', 'xms_edov', 'hd'],
      profile: ['name', 'preferred_username', 'groups', 'roles'],
    },
    pkce: { required: () => true },
    features: {
      backchannelLogout: { enabled: true },
      registration: { enabled: true },
    },
    // its guard against private addresses would keep logout tokens from this very machine
    fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, ...accounts[id] }),
    }),
  }).callback();
}

function account({ id, claims }) {
  accounts[id] = claims;
}

function say(words) {
  process.stdout.write(`${JSON.stringify(words)}\n`);
}

const server = createServer((request, response) => handle(request, response));
await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
issuer = `http://127.0.0.1:${server.address().port}`;
rotate();
say({ issuer });
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  ({ account, rotate })[command.do](command);
  say({ done: command.do });
}
process.exit(0);
