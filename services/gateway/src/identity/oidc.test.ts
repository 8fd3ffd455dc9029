import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { base64url, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OidcVerifier } from './oidc.ts';
import { type Answer, openTestGateway, type TestGateway } from '../testing/test-gateway.ts';

const AUDIENCE = 'kneepoint-of-a-team';

let gateway: TestGateway;
let provider: Server;
let issuer = '';
let rsa: Awaited<ReturnType<typeof generateKeyPair>>;
let ec: Awaited<ReturnType<typeof generateKeyPair>>;
let stranger: Awaited<ReturnType<typeof generateKeyPair>>;

/** An OpenID provider with two keys. */
beforeAll(async () => {
  [rsa, ec, stranger] = await Promise.all([
    generateKeyPair('RS256', { extractable: true }),
    generateKeyPair('ES256', { extractable: true }),
    generateKeyPair('RS256'),
  ]);
  const keys = [
    { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RS256', use: 'sig' },
    { ...(await exportJWK(ec.publicKey)), kid: 'ec', alg: 'ES256', use: 'sig' },
  ];
  provider = createServer((request, response) => {
    const body = request.url === '/keys' ? { keys } : { issuer, jwks_uri: `${issuer}/keys` };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  gateway = await openTestGateway({
    settings: {
      KNEEPOINT_OIDC_ISSUER: issuer,
      KNEEPOINT_OIDC_AUDIENCE: AUDIENCE,
      KNEEPOINT_OIDC_ROLE_CLAIM: 'groups',
      KNEEPOINT_OIDC_ROLES: 'ml-team=operator,everyone=viewer,admin=admin',
    },
  });
  await gateway.db.prisma.project.create({ data: { name: 'vision' } });
});
afterAll(async () => {
  await gateway.close();
  provider.close();
});

interface Claims extends JWTPayload {
  readonly groups?: readonly string[] | string;
  readonly kneepoint_project?: string | readonly string[];
}

const CLAIMS: Claims = { email: 'ann@example.org', groups: ['everyone', 'ml-team'], kneepoint_project: ['vision'] };

function claims(change: Claims = {}): SignJWT {
  const token = new SignJWT({ ...CLAIMS, ...change }).setSubject('ann').setIssuedAt();
  return token
    .setIssuer(change.iss ?? issuer)
    .setAudience(change.aud ?? AUDIENCE)
    .setExpirationTime(change.exp ?? '5m');
}

const signed = (change?: Claims): Promise<string> =>
  claims(change).setProtectedHeader({ alg: 'RS256', kid: 'rsa' }).sign(rsa.privateKey);

async function ask(token: string, headers: object = {}): Promise<Answer<object> & { readonly status: number }> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify({ query: '{ viewer { name kind role project everywhere } }' }),
  });
  return { status: response.status, ...((await response.json()) as Answer<object>) };
}

const minutes = (count: number): number => Math.floor(Date.now() / 1000) + count * 60;

describe('a bearer token of an OpenID provider', () => {
  it('lets a person in, with the highest of their roles, in their project', async () => {
    const viewer = { name: 'ann@example.org', kind: 'OIDC', role: 'OPERATOR', project: 'vision', everywhere: false };
    expect(await ask(await signed())).toEqual({ status: 200, data: { viewer } });
    const byCurve = await claims({ groups: 'admin' })
      .setProtectedHeader({ alg: 'ES256', kid: 'ec' })
      .sign(ec.privateKey);
    expect(await ask(byCurve)).toEqual({ status: 200, data: { viewer: { ...viewer, role: 'ADMIN' } } });
  });

  it('of one who may work in several projects works in the one that the request names', async () => {
    const token = await signed({ kneepoint_project: ['vision', 'default'] });
    expect(await ask(token)).toMatchObject({ data: { viewer: { project: 'vision' } } });
    const named = (project: string) => ask(token, { 'x-kneepoint-project': project });
    expect(await named('default')).toMatchObject({ data: { viewer: { project: 'default' } } });
    expect(await named('other')).toMatchObject({ status: 403, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  it.each<[string, () => Promise<string> | string]>([
    ['has expired', () => signed({ exp: minutes(-2) })],
    ['is not valid yet', () => signed({ nbf: minutes(5) })],
    ['is for another audience', () => signed({ aud: 'another' })],
    ['is of another issuer', () => signed({ iss: 'https://login.example.com' })],
    [
      'never ends',
      () =>
        new SignJWT({ ...CLAIMS, iss: issuer, aud: AUDIENCE, sub: 'ann' })
          .setProtectedHeader({ alg: 'RS256', kid: 'rsa' })
          .sign(rsa.privateKey),
    ],
    [
      'names nobody',
      () =>
        new SignJWT({ ...CLAIMS, iss: issuer, aud: AUDIENCE, exp: minutes(5) })
          .setProtectedHeader({ alg: 'RS256', kid: 'rsa' })
          .sign(rsa.privateKey),
    ],
    [
      'is signed by nobody',
      () => new UnsecuredJWT({ ...CLAIMS, iss: issuer, aud: AUDIENCE, sub: 'ann', exp: minutes(5) }).encode(),
    ],
    [
      'is signed with the public key as a shared secret',
      async () => {
        const secret = new TextEncoder().encode(await exportSPKI(rsa.publicKey));
        return claims().setProtectedHeader({ alg: 'HS256', kid: 'rsa' }).sign(secret);
      },
    ],
    [
      'is signed by a stranger under a known name',
      () => claims().setProtectedHeader({ alg: 'RS256', kid: 'rsa' }).sign(stranger.privateKey),
    ],
    [
      'is signed by a stranger under an unknown name',
      () => claims().setProtectedHeader({ alg: 'RS256', kid: 'new' }).sign(stranger.privateKey),
    ],
    [
      'was changed after it was signed',
      async () => {
        const [head, , signature] = (await signed()).split('.');
        const body = base64url.encode(
          JSON.stringify({ ...CLAIMS, groups: 'admin', iss: issuer, aud: AUDIENCE, sub: 'ann', exp: minutes(5) }),
        );
        return `${head}.${body}.${signature}`;
      },
    ],
    ['is none', () => 'aaaa.bbbb.cccc'],
  ])('that %s is refused', async (_what, make) => {
    expect(await ask(await make())).toMatchObject({
      status: 401,
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });

  it.each<[string, Claims]>([
    ['no role', { groups: ['guests'] }],
    ['a role that only an object has', { groups: ['constructor', 'toString'] }],
    ['no project', { kneepoint_project: [] }],
    ['a project that is not there', { kneepoint_project: 'nowhere' }],
  ])('of a person with %s is forbidden', async (_what, change) => {
    expect(await ask(await signed(change))).toMatchObject({
      status: 403,
      errors: [{ extensions: { code: 'FORBIDDEN' } }],
    });
  });

  it('cannot be verified while the provider is away, which is told apart from a bad one', async () => {
    const settings = { KNEEPOINT_OIDC_ISSUER: 'http://127.0.0.1:9', KNEEPOINT_OIDC_AUDIENCE: AUDIENCE };
    const other = await openTestGateway({ settings });
    const response = await fetch(`${other.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await signed()}` },
      body: '{"query":"{ __typename }"}',
    });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: 'IDENTITY_PROVIDER_UNAVAILABLE', retryable: true } }],
    });
    expect((await other.post('{ __typename }')).data).toEqual({ __typename: 'Query' });
    await other.close();
  });

  it('is asked for where /auth says', async () => {
    expect(await (await fetch(`${gateway.url}/auth`)).json()).toEqual({
      ...{ auth: 'required', issuer, clientId: AUDIENCE, audience: AUDIENCE },
    });
  });
});

it('an issuer that is away is left alone for a moment, however many tokens are sent', async () => {
  let asked = 0;
  const away = createServer((_request, response) => {
    asked += 1;
    response.writeHead(500).end();
  }).listen(0, '127.0.0.1');
  await once(away, 'listening');
  const url = `http://127.0.0.1:${(away.address() as AddressInfo).port}`;
  const claims = { roleClaim: 'role', projectClaim: 'project', roles: {} };
  const verifier = new OidcVerifier({ issuer: url, audience: AUDIENCE, clientId: AUDIENCE, ...claims });
  for (let count = 0; count < 20; count += 1) {
    await expect(verifier.verify('a.b.c')).rejects.toMatchObject({ code: 'IDENTITY_PROVIDER_UNAVAILABLE' });
  }
  expect(asked).toBe(1);
  away.close();
});
