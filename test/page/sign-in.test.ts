import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestGateway, type TestGateway } from '../../services/gateway/src/testing/test-gateway.ts';
import { available, program } from '../support/available.ts';

const CLIENT = 'kneepoint';
const PATIENCE_MS = 60_000;

/** An OpenID provider as teams have one, with people of whom it knows the role and the project: all but strangers. */
function providerOf(issuer: string, page: string): Provider {
  return new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: [page],
        post_logout_redirect_uris: [page],
      },
    ],
    claims: { openid: ['sub', 'kneepoint_role', 'kneepoint_project'], profile: ['name'], email: ['email'] },
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: `${id}@example.org`,
        ...(id === 'stranger' ? {} : { kneepoint_role: 'operator', kneepoint_project: 'default' }),
      }),
    }),
    clientBasedCORS: () => true,
    issueRefreshToken: () => true,
    cookies: { keys: ['of this test alone'] },
    features: { devInteractions: { enabled: true } },
  });
}

describe.skipIf(!available('chromium-headless-shell'))('the page of a gateway with an OpenID provider', () => {
  let answer: RequestListener = (_request, response) => response.writeHead(503).end();
  let server: Server;
  let issuer: string;
  let gateway: TestGateway;
  let browser: Browser;
  let visit: BrowserContext;
  let page: Page;
  /** Origins that the page itself asked. */
  const asked = new Set<string>();

  beforeAll(async () => {
    server = createServer((request, response) => answer(request, response));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    gateway = await openTestGateway({
      settings: {
        KNEEPOINT_OIDC_ISSUER: issuer,
        KNEEPOINT_OIDC_AUDIENCE: CLIENT,
        // Reached by others too, so whoever sits here is nobody special.
        KNEEPOINT_PUBLIC_URL: 'http://127.0.0.1',
      },
    });
    const provider = providerOf(issuer, `${gateway.url}/`).callback();
    answer = (request, response) => void provider(request, response);
    browser = await chromium.launch({ executablePath: program('chromium-headless-shell'), args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
    server.close();
  });

  const arrive = async (): Promise<void> => {
    visit = await browser.newContext();
    // The provider's own pages ask for a font.
    await visit.route(
      ({ hostname }) => hostname !== '127.0.0.1',
      (route) => route.abort(),
    );
    page = await visit.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('request', (request) => {
      if (!request.isNavigationRequest() && request.frame().url().startsWith(gateway.url)) {
        asked.add(new URL(request.url()).origin);
      }
    });
    await page.goto(`${gateway.url}/#/models`);
    await page.getByRole('button', { name: `Sign in with ${new URL(issuer).host}` }).click();
  };

  const confirmAs = async (name: string): Promise<void> => {
    await page.getByPlaceholder('Enter any login').fill(name);
    await page.getByPlaceholder('and password').fill('any');
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
  };

  const token = (): Promise<string | null> => page.evaluate<string | null>(`sessionStorage.getItem('kneepoint-token')`);

  it('signs in by code and PKCE, comes back to where one was, and asks nobody but gateway and issuer', async () => {
    await arrive();
    await confirmAs('ann');
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
    await page.getByText('ann@example.org in default').waitFor();
    expect(page.url()).toBe(`${gateway.url}/#/models`);
    expect([...asked].toSorted()).toEqual([gateway.url, issuer].toSorted());
    const policy = (await fetch(gateway.url)).headers.get('content-security-policy')!;
    expect(policy).toMatch(new RegExp(`connect-src 'self' ${issuer};`));
    expect(policy).toContain("script-src 'self';");
  });

  it('gets another token where one has ended, and goes on', async () => {
    const ended = 'eyJhbGciOiJSUzI1NiJ9.e30.';
    await page.evaluate(`sessionStorage.setItem('kneepoint-token', '${ended}')`);
    await page.reload();
    await page.getByText('ann@example.org in default').waitFor();
    expect(await token()).not.toBe(ended);
  });

  it('asks anew where none is given, and signs out at the issuer too', async () => {
    await page.evaluate(`{
      for (const name of Object.keys(sessionStorage)) if (name.startsWith('kneepoint-oidc.')) sessionStorage.removeItem(name);
      sessionStorage.setItem('kneepoint-token', 'eyJhbGciOiJSUzI1NiJ9.e30.');
    }`);
    await page.reload();
    await page.getByText('The token that this tab had is not valid').waitFor();
    // The issuer still knows who that is, and asks for a nod alone.
    await page.getByRole('button', { name: /^Sign in with/ }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('ann@example.org in default').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Yes, sign me out' }).click();
    await page.getByRole('heading', { name: 'Who asks?' }).waitFor();
    expect(await token()).toBeNull();
    await page.getByRole('button', { name: /^Sign in with/ }).click();
    await page.getByPlaceholder('Enter any login').waitFor();
    await visit.close();
  });

  it('says what the issuer says against it, and what the gateway says', async () => {
    await arrive();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.getByRole('alert').getByText('End-User aborted interaction').waitFor();
    await page.getByRole('button', { name: /^Sign in with/ }).click();
    await confirmAs('stranger');
    await page.getByRole('heading', { name: 'Not let in' }).waitFor();
    await page.getByRole('alert').getByText('has no role').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await visit.close();
  });
});
