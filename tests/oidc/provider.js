// A real OpenID Connect provider on a free port of this machine, for one test. Says its issuer on
// its first line; each further line of JSON on its standard input changes it, and is answered by a
// line. Ends with its standard input.
//
//   {"redirect": "http://…/callback"}   the client `stereo` may be sent back there
//   {"account": "ada", "claims": {…}}   who signs in from now on, and what is said of them
//   {"rotate": true}                    from now on it has another key, and the former is gone

import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Provider } from 'oidc-provider';

const PICTURE = new URL('../server/picture.png', import.meta.url);
let keys = 0;
const state = { redirect: 'http://127.0.0.1/', account: 'ada', claims: {}, key: fresh() };

function fresh() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  keys += 1;
  return { ...privateKey.export({ format: 'jwk' }), kid: `key-${keys}`, use: 'sig', alg: 'RS256' };
}

function make(issuer) {
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'stereo',
      client_secret: 'a secret of the tests',
      redirect_uris: [state.redirect],
      response_types: ['code'],
      grant_types: ['authorization_code'],
    }],
    jwks: { keys: [state.key] },
    cookies: { keys: ['of the tests'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'birthdate', 'picture'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...state.claims }) }),
    // Whoever has signed in has agreed to what is asked.
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
  // What `picture` of the claims may name.
  provider.use(async (ctx, next) => {
    if (ctx.path !== '/picture.png') return next();
    Object.assign(ctx, { type: 'image/png', body: readFileSync(PICTURE) });
  });
  // Nobody types a password here: the person is who the test says.
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next();
    await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: state.account } });
    ctx.respond = false;
  });
  return provider;
}

let answer;
const server = createServer((request, response) => answer(request, response));
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const start = () => { answer = make(issuer).callback(); };
  start();
  console.log(issuer);
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const { rotate, ...change } = JSON.parse(line);
    Object.assign(state, change);
    if (rotate) state.key = fresh();
    start();
    console.log('done');
  });
  lines.on('close', () => process.exit());
});
