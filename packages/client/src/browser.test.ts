import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it, describe } from 'vitest';
import { globalId } from '../../../services/gateway/src/domain/ids.ts';
import { seedRun } from '../../../services/gateway/src/testing/seed.ts';
import { ADMIN_TOKEN, openTestGateway, type TestGateway } from '../../../services/gateway/src/testing/test-gateway.ts';
import { available, program } from '../../../test/support/available.ts';
import type * as Client from './index.ts';

const ENTRY = fileURLToPath(new URL('./index.ts', import.meta.url));

/** The main entry for a page, where it is `kneepoint`. What only Node has would end this. */
async function forBrowsers(): Promise<string> {
  const options = { bundle: true, platform: 'browser', format: 'iife', globalName: 'kneepoint', write: false } as const;
  const { outputFiles } = await build({ entryPoints: [ENTRY], ...options, minify: true });
  return outputFiles[0]!.text;
}

it('the main entry is small and has nothing of Node', async () => {
  const text = await forBrowsers();
  expect(text).not.toMatch(/['"`]node:|\brequire\(/);
  expect(text.length).toBeLessThan(100_000);
});

describe.skipIf(!available('chromium-headless-shell'))('in a real browser', () => {
  let browser: Browser;
  let gateway: TestGateway;
  let site: Server;
  let origin: string;

  beforeAll(async () => {
    site = createServer((_request, answer) =>
      answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'),
    );
    await once(site.listen(0, '127.0.0.1'), 'listening');
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    gateway = await openTestGateway({ settings: { KNEEPOINT_ORIGINS: origin } });
    browser = await chromium.launch({ executablePath: program('chromium-headless-shell'), args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser.close();
    site.close();
    await gateway.close();
  });

  it('a page asks, follows a run by its socket, and brings files up and down', async () => {
    const { id } = await seedRun(gateway);
    const page = await browser.newPage();
    await page.goto(origin);
    await page.addScriptTag({ content: await forBrowsers() });
    const seen = await page.evaluate(
      async ({ url, token, run }) => {
        const { createClient, ViewerDocument } = (globalThis as unknown as { readonly kneepoint: typeof Client })
          .kneepoint;
        const client = createClient({ url, token });
        const { viewer } = await client.query(ViewerDocument, {});
        // Asking instead would take longer than the test may.
        const times = { connect: 10_000, quiet: 600_000, poll: 600_000 };
        const states = client.watchRun(run, { times });
        const first = await states.next();
        await states.return(undefined);
        const sum = await client.uploadFolder([{ name: 'class/a.txt', data: new Blob(['a page’s bytes']) }]);
        const text = await (await client.download(sum)).text();
        return { role: viewer.role, state: (first.value as { state: string }).state, text };
      },
      { url: gateway.url, token: ADMIN_TOKEN, run: globalId('Run', id) },
    );
    expect(seen).toMatchObject({
      role: 'ADMIN',
      state: 'QUEUED',
      text: expect.stringContaining('a page’s bytes') as string,
    });
    await page.close();
  });
});
