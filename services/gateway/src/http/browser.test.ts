import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { available, program } from '../../../../test/support/available.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';

describe.skipIf(!available('chromium-headless-shell'))('in a real browser', () => {
  let browser: Browser;
  let gateway: TestGateway;
  let pages: Server;
  /** Another site, and one whose origin is configured. */
  let foreign: string;
  let friendly: string;

  beforeAll(async () => {
    pages = createServer((_request, answer) =>
      answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'),
    );
    await once(pages.listen(0, '127.0.0.1'), 'listening');
    const { port } = pages.address() as AddressInfo;
    foreign = `http://elsewhere.example:${port}`;
    friendly = `http://dashboard.example:${port}`;
    gateway = await openTestGateway({ settings: { KNEEPOINT_ORIGINS: friendly } });
    browser = await chromium.launch({
      executablePath: program('chromium-headless-shell'),
      // Every name leads here, as a name server of somebody else may decide.
      args: ['--no-sandbox', '--host-resolver-rules=MAP *.example 127.0.0.1'],
    });
  });
  afterAll(async () => {
    await browser.close();
    pages.close();
    await gateway.close();
  });

  async function at(address: string): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(address);
    return page;
  }

  /** What a page gets out of a gateway: by JSON, by a form that asks no permission, and over a socket. */
  const tryAll = (page: Page, url: string, headers: Readonly<Record<string, string>> = {}) =>
    page.evaluate(
      async ({ base, known }) => {
        const query = 'mutation { createUpload(bytes: 1) { upload { id } } }';
        const said = (answer: Promise<Response>) =>
          answer.then((response) => response.text()).catch((error: Error) => error.name);
        const json = {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...known },
          body: JSON.stringify({ query }),
        };
        const plain = { method: 'POST', mode: 'no-cors', body: JSON.stringify({ query }) } as const;
        const socket = new WebSocket(`${base.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
        const opened = new Promise<string>((resolve) => {
          socket.onopen = () => socket.send(JSON.stringify({ type: 'connection_init', payload: known }));
          socket.onmessage = ({ data }) => resolve(String(data));
          socket.onerror = () => resolve('refused');
        });
        return {
          json: await said(fetch(`${base}/graphql`, json)),
          plain: await said(fetch(`${base}/graphql`, plain)),
          socket: await opened,
        };
      },
      { base: url, known: headers },
    );

  const asked = (to: TestGateway, path: string) =>
    to.log.map((line) => JSON.parse(line) as { path?: string; status?: number }).filter((line) => line.path === path);

  it('the page of the gateway asks it, and shows the editor without breaking its own rules', async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
    page.on('pageerror', (error) => void complaints.push(error.message));
    await page.goto(`${gateway.url}/graphql`);
    await page.getByRole('button', { name: /execute query/i }).click();
    await page
      .getByText(/"models"/)
      .first()
      .waitFor();
    expect(complaints).toEqual([]);
    const { json, socket } = await tryAll(page, gateway.url);
    expect(JSON.parse(json)).toMatchObject({
      data: { createUpload: { upload: { id: expect.any(String) as string } } },
    });
    expect(JSON.parse(socket)).toEqual({ type: 'connection_ack' });
  });

  it('a page of another origin can neither ask it nor open a socket', async () => {
    const page = await at(foreign);
    expect(await tryAll(page, gateway.url)).toEqual({ json: 'TypeError', plain: '', socket: 'refused' });
    // None of the three came any further than to the door.
    const statuses = asked(gateway, '/graphql')
      .slice(-3)
      .map(({ status }) => status);
    expect(statuses).toEqual([403, 403, 403]);
  });

  it('nor can it show the gateway in a frame', async () => {
    const page = await at(foreign);
    await page.setContent(`<iframe src="${gateway.url}/graphql"></iframe>`);
    await expect.poll(() => asked(gateway, '/graphql').at(-1)!.status).toBe(403);
    expect(await page.frames().at(-1)!.content()).not.toContain('YogaGraphiQL');
  });

  it('a page whose name was pointed at this machine later reads nothing', async () => {
    const { port } = new URL(gateway.url);
    const page = await at(`http://rebound.example:${port}/graphql`);
    expect(await page.evaluate(() => document.body.innerText)).toContain('HOST_FORBIDDEN');
  });

  it('a page of a configured origin asks as the own one does', async () => {
    const page = await at(friendly);
    const { json, socket } = await tryAll(page, gateway.url, gateway.headers);
    expect(JSON.parse(json)).toMatchObject({ data: { createUpload: {} } });
    expect(JSON.parse(socket)).toEqual({ type: 'connection_ack' });
    expect(await tryAll(await at(foreign), gateway.url, gateway.headers)).toMatchObject({
      json: 'TypeError',
      socket: 'refused',
    });
  });
});
