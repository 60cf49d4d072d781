// A real SAML identity provider for the tests: npm's samlp, Auth0's own, configured and no more.
//
// One JSON line on standard output when it listens: {"sso": "http://127.0.0.1:…/sso"}. Then each line
// in is a command, and a line out says that it is done:
//   {"do": "keys", "key": "…", "cert": "…"}        sign by these from now on (PEM)
//   {"do": "account", "id": "…", "said": {…}}      `nameId`, `format` and `claims` of that account
//   {"do": "options", "options": {…}}              of samlp.auth, beside the usual
// People sign in by `&login=<account>` behind the address that they are sent to; what comes back is
// samlp's own page, which posts the response. `POST /unasked` makes one that answers no request. It
// ends when its standard input does.

import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import samlp from 'samlp';

console.info = console.warn = console.log = console.error;

const accounts = {};
const issuer = 'urn:example:saml-idp';
let keys;
let more = {};

const mapper = ({ said }) => ({
  getClaims: () => said.claims,
  getNameIdentifier: () => ({ nameIdentifier: said.nameId, nameIdentifierFormat: said.format }),
});

function answer(request, response, acs, audience) {
  const fail = (why) => { response.writeHead(400).end(String(why)); };
  samlp.auth({
    ...keys,
    issuer,
    ...(audience ? { audience } : {}),
    getPostURL: (_audience, _request, _req, done) => done(null, acs),
    getUserFromRequest: (req) => accounts[req.query.login] && { said: accounts[req.query.login] },
    profileMapper: mapper,
    recipient: acs,
    destination: acs,
    lifetimeInSeconds: 300,
    sessionIndex: `_session-${request.query.login}`,
    ...more,
  })(request, response, fail);
}

function handle(request, response) {
  const { searchParams, pathname } = new URL(request.url, 'http://127.0.0.1');
  request.query = Object.fromEntries(searchParams);
  response.set = (name, value) => response.setHeader(name, value);
  response.send = (said) => (
    typeof said === 'number' ? response.writeHead(said).end() : response.end(said));
  if (pathname === '/unasked') {
    answer(request, response, request.query.acs, request.query.audience);
    return;
  }
  samlp.parseRequest(request, (error, asked) => {
    if (error || !asked) response.writeHead(400).end(String(error));
    else answer(request, response, asked.assertionConsumerServiceURL);
  });
}

const acts = {
  keys: ({ key, cert }) => { keys = { key, cert }; },
  account: ({ id, said }) => { accounts[id] = said; },
  options: ({ options }) => { more = options; },
};

function say(words) {
  process.stdout.write(`${JSON.stringify(words)}\n`);
}

const server = createServer(handle);
await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
say({ sso: `http://127.0.0.1:${server.address().port}/sso`, issuer });
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  acts[command.do](command);
  say({ done: command.do });
}
process.exit(0);
