// SPDX-License-Identifier: GPL-3.0-or-later
// provider.mjs - a real OpenID provider for the tests
//
//   node provider.mjs [SETTINGS]    SETTINGS is JSON, see `defaults`
//
// The certified `oidc-provider` on a port of loopback that the kernel chose; it
// prints "listening on URL", which is its issuer. That is named localhost, so
// that it is another site than a service on 127.0.0.1, as in real life. Its
// login page takes the name of an account and no password. It gives claims to
// the scopes openid, profile, email and groups, and access tokens that are JWT
// for any resource that is asked for.
//
//   POST /control   changes settings while it runs, e.g. {"accounts": {...}};
//                   {"rotate": "publish"} adds new keys that are not used yet,
//                   "use" signs with the newest, "retire" forgets the others

import {generateKeyPairSync, randomUUID} from 'node:crypto';
import {createServer} from 'node:http';

import Provider from 'oidc-provider';

// Any port of the service: a native client may come back to any of loopback.
const CALLBACKS = ['rs256', 'es256', 'eddsa', 'real'].map(name =>
  `http://127.0.0.1/api/v1/sign-in/${name}/callback`);

const defaults = {
  accounts: {},          // login name -> claims
  claims_in_id_token: false, // otherwise only userinfo has them
  lives_s: {},           // e.g. {"IdToken": 2, "ClientCredentials": 2}
  leave_to: [],          // where a sign-out may lead back to
};

const KINDS = {
  RS256: () => generateKeyPairSync('rsa', {modulusLength: 2048}),
  ES256: () => generateKeyPairSync('ec', {namedCurve: 'P-256'}),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

// One client for people and one for machines per algorithm of signatures.
const clients = () => Object.keys(KINDS).flatMap(alg => [
  {
    client_id: `people-${alg}`, client_secret: `secret of people-${alg}`,
    application_type: 'native', redirect_uris: CALLBACKS,
    post_logout_redirect_uris: settings.leave_to,
    id_token_signed_response_alg: alg,
  }, {
    client_id: `machine-${alg}`, client_secret: `secret of machine-${alg}`,
    redirect_uris: [], response_types: [],
    grant_types: ['client_credentials'], id_token_signed_response_alg: alg,
  },
]);

let settings = {...defaults, ...JSON.parse(process.argv[2] ?? '{}')};
let keys = newKeys();
let issuer;
let provider;

function newKeys() {
  return Object.entries(KINDS).map(([alg, make]) => ({
    ...make().privateKey.export({format: 'jwk'}),
    alg, use: 'sig', kid: randomUUID(),
  }));
}

async function findAccount(_, sub) {
  const claims = settings.accounts[sub];
  return claims && {accountId: sub, claims: async () => ({sub, ...claims})};
}

function resource(_, audience, client) {
  return {
    audience, accessTokenFormat: 'jwt',
    scope: 'cumae.read cumae.ask cumae.steer',
    jwt: {sign: {alg: client.idTokenSignedResponseAlg}},
  };
}

// There is no way to change a provider, so a change makes a new one. What it
// handed out lives on: the memory of all is one.
function makeProvider() {
  provider = new Provider(issuer, {
    clients: clients(), findAccount, jwks: {keys}, ttl: settings.lives_s,
    claims: {
      openid: ['sub'], profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'], groups: ['groups'],
    },
    clientDefaults: {id_token_signed_response_alg: 'RS256'},
    conformIdTokenClaims: !settings.claims_in_id_token,
    cookies: {keys: ['of no worth']},
    enabledJWA: {
      idTokenSigningAlgValues: Object.keys(KINDS),
    },
    features: {
      clientCredentials: {enabled: true},
      devInteractions: {enabled: false},
      resourceIndicators: {enabled: true, getResourceServerInfo: resource},
      rpInitiatedLogout: {enabled: true, logoutSource: leave},
    },
    interactions: {url: (_, {uid}) => `/interaction/${uid}`},
    pkce: {methods: ['S256'], required: () => true},
  });
  return provider.callback();
}

// ---- pages ------------------------------------------------------------------

function page(title, body) {
  return `<!doctype html><html lang="en"><meta charset="utf-8">
<link rel="icon" href="data:,"><title>${title}</title><h1>${title}</h1>${body}`;
}

function leave(ctx, form) {
  ctx.body = page('Leave the institute', `${form}
<button form="op.logoutForm" name="logout" value="yes">Leave</button>`);
}

function html(response, text) {
  response.writeHead(200, {'Content-Type': 'text/html'}).end(text);
}

async function text(request) {
  const parts = [];
  for await (const part of request)
    parts.push(part);
  return Buffer.concat(parts).toString();
}

async function consent(interaction, accountId) {
  const {client_id: clientId, scope} = interaction.params;
  const grant = new provider.Grant({accountId, clientId});
  grant.addOIDCScope(scope);
  return {grantId: await grant.save()};
}

// Who is signed in here consents to everything; others say their name first.
async function interact(request, response) {
  const interaction = await provider.interactionDetails(request, response);
  const form = new URLSearchParams(
    request.method === 'POST' ? await text(request) : '');
  if (form.has('abort')) {
    await provider.interactionFinished(request, response,
      {error: 'access_denied'});
    return;
  }
  const accountId = form.get('login') ?? interaction.session?.accountId;
  if (!settings.accounts[accountId]) {
    html(response, page('Institute', `<form method="post">
<label>Login <input name="login" autofocus></label>
<button>Continue</button> <button name="abort" value="1">Cancel</button>`));
    return;
  }
  await provider.interactionFinished(request, response, {
    login: {accountId}, consent: await consent(interaction, accountId),
  }, {mergeWithLastSubmission: false});
}

// ---- control ----------------------------------------------------------------

const ROTATE = {
  publish: () => [...keys, ...newKeys()],
  use: () => [...keys].reverse(),
  retire: () => keys.slice(0, Object.keys(KINDS).length),
};

let answer;

async function control(request, response) {
  const {rotate, ...changes} = JSON.parse(await text(request));
  if (rotate)
    keys = ROTATE[rotate]();
  settings = {...settings, ...changes};
  answer = makeProvider();
  response.writeHead(204).end();
}

const server = createServer((request, response) => {
  const {pathname} = new URL(request.url, issuer);
  const handle = pathname === '/control' ? control
    : pathname.startsWith('/interaction/') ? interact : answer;
  Promise.resolve(handle(request, response)).catch(error => {
    console.error(error);
    response.writeHead(500).end();
  });
});

server.listen(0, '127.0.0.1', () => {
  issuer = `http://localhost:${server.address().port}`;
  answer = makeProvider();
  console.log(`listening on ${issuer}`);
});
