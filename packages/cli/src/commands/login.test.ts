import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ADMIN_TOKEN,
  openTestGateway,
  type TestGateway,
} from '../../../../services/gateway/src/testing/test-gateway.ts';
import { main } from '../main.ts';

let gateway: TestGateway;
let issuer: Server;
/** What the issuer answers to who polls, one after the other. */
let answers: object[] = [];
const polled: Record<string, string>[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-login-'));
  issuer = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      const { status, ...body } = answerOf(request.url!, form) as { status?: number };
      response.writeHead(status ?? 200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    })();
  }).listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  const settings = {
    KNEEPOINT_OIDC_ISSUER: issuerUrl(),
    KNEEPOINT_OIDC_AUDIENCE: 'kneepoint',
    KNEEPOINT_OIDC_CLIENT_ID: 'cli',
  };
  gateway = await openTestGateway({ settings });
});
afterAll(async () => {
  await gateway.close();
  issuer.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  vi.stubEnv('XDG_CONFIG_HOME', folder);
  for (const name of ['KNEEPOINT_URL', 'KNEEPOINT_TOKEN', 'KNEEPOINT_PROFILE', 'KNEEPOINT_PROJECT'])
    vi.stubEnv(name, '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  process.exitCode = 0;
});

const issuerUrl = (): string => `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;

function answerOf(url: string, form: Record<string, string>): object {
  if (url === '/.well-known/openid-configuration') {
    return {
      issuer: issuerUrl(),
      device_authorization_endpoint: `${issuerUrl()}/device`,
      token_endpoint: `${issuerUrl()}/token`,
    };
  }
  polled.push(form);
  if (url === '/device') {
    return {
      device_code: 'dev',
      user_code: 'ABCD-1234',
      verification_uri: `${issuerUrl()}/activate`,
      expires_in: 60,
      interval: 0,
    };
  }
  return answers.shift()!;
}

/** Runs a command in this process; standard input has the given text. */
async function run(args: string, input = ''): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((out += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((err += String(text))));
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([input]) as typeof process.stdin);
  process.exitCode = 0;
  await main(['node', 'kneepoint', ...args.split(' ')]);
  vi.restoreAllMocks();
  return { code: Number(process.exitCode), out, err };
}

const profiles = async () => readFile(join(folder, 'kneepoint', 'profiles.json'), 'utf8');

describe('a login with a token', () => {
  it('is kept for its user alone, and taken by commands that name the profile or the gateway', async () => {
    const { code, out, err } = await run(`login --url ${gateway.url} --token - --profile team`, `${ADMIN_TOKEN}\n`);
    expect([code, out]).toEqual([0, 'admin: admin of every project, at work in "default"\n']);
    expect(out + err).not.toContain(ADMIN_TOKEN);
    expect((await stat(join(folder, 'kneepoint', 'profiles.json'))).mode & 0o777).toBe(0o600);
    for (const how of ['--profile team', `--url ${gateway.url}`, `--url ${gateway.url}/graphql`]) {
      expect(JSON.parse((await run(`whoami --json ${how}`)).out)).toMatchObject({ name: 'admin', role: 'ADMIN' });
    }
    vi.stubEnv('KNEEPOINT_PROFILE', 'team');
    vi.stubEnv('KNEEPOINT_PROJECT', 'nowhere');
    expect(await run('whoami')).toMatchObject({ code: 1, err: expect.stringContaining('error FORBIDDEN') as string });
  });

  it('that is refused is not kept, and is not repeated in what is said', async () => {
    const secret = 'a-token-that-nobody-here-has-ever-seen';
    const { code, out, err } = await run(`login --url ${gateway.url} --token - --profile wrong`, secret);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('error UNAUTHENTICATED: the token is not valid');
    expect(err).not.toContain(secret);
    expect(await profiles()).not.toContain('wrong');
    const shown = await run(`login --url ${gateway.url} --token ${ADMIN_TOKEN}`);
    expect([shown.code, shown.err.includes(ADMIN_TOKEN)]).toEqual([1, false]);
  });

  it('is sent to its own gateway and to no other', async () => {
    const asked: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      asked.push(request.headers.authorization);
      response.end('{"data":{"viewer":null}}');
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    await run(`whoami --url ${url} --profile team`);
    await run(`whoami --url ${url}`);
    expect(asked.length).toBeGreaterThan(1);
    expect(asked.every((header) => header === undefined)).toBe(true);
    other.close();
  });

  it('is forgotten by logout', async () => {
    await run('logout --profile team');
    expect(JSON.parse(await profiles())).toEqual({ profiles: {} });
    expect(await run('whoami --profile team')).toMatchObject({
      code: 1,
      err: expect.stringContaining('PROFILE_UNKNOWN') as string,
    });
  });
});

describe('a login from a device', () => {
  it('waits until it is confirmed, asks less often when it is told to, and keeps the token that the gateway takes', async () => {
    answers = [
      { status: 400, error: 'authorization_pending' },
      { access_token: 'opaque', id_token: ADMIN_TOKEN },
    ];
    const { code, out, err } = await run(`login --url ${gateway.url} --device --profile device`);
    expect([code, out]).toEqual([0, 'admin: admin of every project, at work in "default"\n']);
    expect(err).toContain(`Open ${issuerUrl()}/activate in a browser, and confirm the code ABCD-1234 there.`);
    expect(polled[0]).toEqual({ client_id: 'cli', audience: 'kneepoint', scope: 'openid profile email' });
    const grant = 'urn:ietf:params:oauth:grant-type:device_code';
    expect(polled[1]).toEqual({ client_id: 'cli', grant_type: grant, device_code: 'dev' });
    expect(JSON.parse(await profiles())).toMatchObject({
      profiles: { device: { url: gateway.url, token: ADMIN_TOKEN } },
    });
  });

  it('that is refused ends with the reason', async () => {
    answers = [{ status: 400, error: 'access_denied', error_description: 'Ann said no' }];
    const { code, err } = await run(`login --url ${gateway.url} --device`);
    expect(code).toBe(1);
    expect(err).toContain(`error LOGIN_FAILED: ${issuerUrl()} refused the login: Ann said no`);
  });
});

describe('tokens and projects', () => {
  it('are made, listed and revoked by commands; the secret is printed once', async () => {
    vi.stubEnv('KNEEPOINT_URL', gateway.url);
    vi.stubEnv('KNEEPOINT_TOKEN', ADMIN_TOKEN);
    expect(await run('project create vision')).toMatchObject({ code: 0 });
    expect(JSON.parse((await run('project list --json')).out)).toMatchObject([{ name: 'vision' }, { name: 'default' }]);
    vi.stubEnv('KNEEPOINT_PROJECT', 'vision');
    const made = JSON.parse((await run('token create ci --role operator --expires 90d --json')).out) as {
      id: string;
      token: string;
    };
    expect(made.token).toMatch(/^kp_[0-9a-f]{16}_/);
    const listed = await run('token list --json');
    expect(JSON.parse(listed.out)).toMatchObject([
      { id: made.id, name: 'ci', role: 'OPERATOR', project: 'vision', createdBy: 'admin' },
    ]);
    expect(listed.out).not.toContain(made.token.slice(-43));
    vi.stubEnv('KNEEPOINT_TOKEN', made.token);
    expect((await run('whoami')).out).toBe('ci: operator of project "vision"\n');
    expect(await run('token list')).toMatchObject({
      code: 1,
      err: expect.stringContaining('error FORBIDDEN') as string,
    });
    vi.stubEnv('KNEEPOINT_TOKEN', ADMIN_TOKEN);
    expect((await run(`token revoke ${made.id}`)).out).toContain('is revoked');
    expect((await run('token list')).out).toContain('revoked 20');
  });
});
