import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createToken, type Role } from '@kneepoint/platform';
import { YAW } from '@kneepoint/workflow/testing';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedCompression } from '../../services/gateway/src/testing/seed-compression.ts';
import { seedDataset, seedModel } from '../../services/gateway/src/testing/seed.ts';
import { openTestGateway, type TestGateway } from '../../services/gateway/src/testing/test-gateway.ts';
import { available, program } from '../support/available.ts';

const PATIENCE_MS = 60_000;
const PREFIX = '/teams/kp';
const ARCHIVE = 'the archive';

/** Hands on whatever lies below the prefix, as a proxy that several services share. */
function proxyTo(target: () => string): Server {
  return createServer((incoming, outgoing) => {
    if (!incoming.url!.startsWith(`${PREFIX}/`)) return void outgoing.writeHead(404).end();
    const { hostname, port } = new URL(target());
    const { method, headers, url: path } = incoming;
    const onward = request({ hostname, port, method, headers, path }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
}

describe.skipIf(!available('chromium-headless-shell'))('the page below a path, of those who have tokens', () => {
  let proxy: Server;
  let gateway: TestGateway;
  let browser: Browser;
  let publicUrl: string;
  let run: string;

  beforeAll(async () => {
    proxy = proxyTo(() => gateway.url);
    await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
    publicUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${PREFIX}`;
    gateway = await openTestGateway({ settings: { KNEEPOINT_PUBLIC_URL: publicUrl } });
    const model = await seedModel(gateway, { name: 'tiny' });
    const dataset = await seedDataset(gateway, [YAW]);
    run = await seedCompression(gateway, { model, dataset, results: [{ epsilon: 0.01 }] });
    browser = await chromium.launch({ executablePath: program('chromium-headless-shell'), args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
    proxy.close();
  });

  /** The page of somebody with such a role. */
  async function arrive(role: Role): Promise<Page> {
    const { text } = await createToken(gateway.db, { name: `a ${role}`, role, projectId: 'default' });
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.addInitScript(`sessionStorage.setItem('kneepoint-token', ${JSON.stringify(text)})`);
    await page.goto(`${publicUrl}/#/runs/${encodeURIComponent(run)}`);
    await page.getByRole('link', { name: '0.01.onnx' }).waitFor();
    return page;
  }

  it('offers a viewer nothing that is refused to one, and says why', async () => {
    const page = await arrive('viewer');
    await page.getByText('is for an operator of the project default; you are a viewer there').waitFor();
    expect(await page.getByRole('button', { name: /Package/ }).count()).toBe(0);
    await page.goto(`${publicUrl}/#/models`);
    await page.getByRole('link', { name: 'tiny' }).waitFor();
    expect(await page.getByRole('button', { name: /Choose|Rename|Remove/ }).count()).toBe(0);
    await page.goto(`${publicUrl}/#/compress`);
    await page.getByText('Launching a compression is for an operator').waitFor();
    expect(await page.getByRole('button', { name: 'Compress' }).count()).toBe(0);
    await page.close();
  });

  it('lets an operator package a network with the answers that were chosen, and fetch it from below the path', async () => {
    const page = await arrive('operator');
    await page.getByLabel('It answers').selectOption('PROBABILITIES');
    await page.getByRole('button', { name: 'Package for deployment' }).click();
    await page.getByRole('status').getByText('Being packaged').waitFor();
    const made = await gateway.db.prisma.run.findFirstOrThrow({
      where: { kind: 'PACKAGE' },
      include: { steps: true },
    });
    expect(made).toMatchObject({ createdBy: 'a operator', steps: [{ input: { answers: 'probabilities' } }] });
    // What a worker leaves behind.
    const { sha256, bytes } = await gateway.store.put(Buffer.from(ARCHIVE));
    await gateway.db.prisma.artifact.create({ data: { sha256, bytes: BigInt(bytes), mediaType: 'application/zip' } });
    const output = { packageSha256: sha256, name: 'tiny-gender' };
    await gateway.db.prisma.step.updateMany({ where: { runId: made.id }, data: { state: 'SUCCEEDED', output } });
    await gateway.db.prisma.run.update({ where: { id: made.id }, data: { state: 'SUCCEEDED', endedAt: new Date() } });
    const link = page.getByRole('link', { name: 'Package for deployment (zip)' });
    const address = (await link.getAttribute('href'))!;
    expect(address.startsWith(`${publicUrl}/`)).toBe(true);
    expect(await (await fetch(address)).text()).toBe(ARCHIVE);
    await page.close();
  });
});
