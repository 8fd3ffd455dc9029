import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createClient,
  type KneepointClient,
  LaunchCompressionDocument,
  RegisterReproductionDocument,
} from '@kneepoint/client/node';
import { madeResults } from '@kneepoint/reproduction/testing';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importsOf } from '../../packages/cli/src/client/connect.ts';
import { registerDataset, registerModel } from '../../packages/cli/src/client/register.ts';
import { available, program } from '../support/available.ts';
import { ADMIN_TOKEN, Kneepoint, makeSample } from '../support/kneepoint.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** What axe finds serious or critical, each with where. */
const FINDINGS = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
  violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', ')))`;
const PATIENCE_MS = 60_000;

describe.skipIf(!available('chromium-headless-shell'))('the page of a reproduction, in a browser', () => {
  let folder: string;
  let server: Kneepoint;
  let client: KneepointClient;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kneepoint-reproduction-'));
    server = new Kneepoint(['up', '--port', '0', '--data-dir', folder], { env: { LOG_LEVEL: 'silent' } });
    await server.says(/serves http/);
    const { url } = JSON.parse(await readFile(join(folder, 'server.json'), 'utf8')) as { url: string };
    client = createClient({ url, token: ADMIN_TOKEN });
    browser = await chromium.launch({ executablePath: program('chromium-headless-shell'), args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(PATIENCE_MS);
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(search = ''): Promise<void> {
    await page.goto('about:blank');
    await page.goto(`${client.url}/#/reproduction${search}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
  }

  /** The run that keeps these results, as the command names and marks it. */
  async function keep(name: string, results: unknown): Promise<string> {
    const upload = await client.upload(new Blob([JSON.stringify(results)]));
    const metadata = { stage: 'keep the results', number: 3, of: 4, left: ['one more'] };
    const run = { name, labels: [{ key: 'reproduction', value: name }], metadata };
    return (await client.mutate(RegisterReproductionDocument, { input: { upload, run } })).run.id;
  }

  it('says which command makes one where there is none', async () => {
    await open();
    expect(await page.locator('.empty').textContent()).toContain('kneepoint reproduce --quick');
  });

  it('shows the verdict of each claim, and figures as they were measured', async () => {
    const made = madeResults();
    await client.waitForRun(await keep('full', { ...made, timing: { ...made.timing, lastLayerSeconds: 10 } }));
    await open();
    const claims = page.getByRole('list', { name: 'Claims of the paper' });
    const verdictOf = (words: string): Promise<string | null> =>
      claims.getByRole('listitem').filter({ hasText: words }).locator('.state').textContent();
    expect(await verdictOf('Inference is ten times faster')).toBe('holds');
    expect(await verdictOf('Least squares is close to training a head')).toBe('does not hold here');
    const figure = page.getByRole('img', { name: 'Regression against transfer learning of the head' });
    const svg = decodeURIComponent(await figure.evaluate((image) => image.getAttribute('src')!));
    expect([...svg.matchAll(/>(\d+ %)</g)].map(([, said]) => said)).toContain('79 %');
    const widths = '[...document.querySelectorAll(".drawn img")].map((image) => image.naturalWidth)';
    expect(Math.min(...(await page.evaluate<number[]>(widths)))).toBeGreaterThan(0);
    const kept = await fetch((await page.getByRole('link', { name: 'results.json' }).getAttribute('href'))!);
    expect(await kept.json()).toMatchObject({ version: '1', timing: { lastLayerSeconds: 10 } });
  });

  it('says what is wrong with one that came to no end, and what is left of it', async () => {
    const id = await keep('broken', { version: '1' });
    await expect(client.waitForRun(id)).rejects.toMatchObject({ code: 'REPRODUCTION_INVALID' });
    await open('?name=broken');
    await page.getByRole('heading', { name: 'Not at its end' }).waitFor();
    expect(await page.getByRole('region', { name: 'Runs of it' }).textContent()).toContain('REPRODUCTION_INVALID');
    expect(await page.getByText('Stage 3 of 4').count()).toBe(1);
  });

  it('cancels what is open of one that is under way', async () => {
    const { model: file, faces } = await makeSample(join(folder, 'sample'), { count: 96, widths: [8, 'pool', 8] });
    const connection = { client, local: false, imports: importsOf(folder), close: () => Promise.resolve() };
    const { signal } = new AbortController();
    const { model } = await registerModel(connection, { file, name: 'small' }, signal);
    const { dataset } = await registerDataset(connection, { source: faces, name: 'faces' }, signal);
    const { run } = await client.mutate(LaunchCompressionDocument, {
      input: {
        ...{ model: model!.id, dataset: dataset!.id, plan: { task: 'yaw' }, epsilons: [0.05] },
        training: { epochs: 500, patience: 500 },
        run: { name: 'open: cut for yaw', labels: [{ key: 'reproduction', value: 'open' }] },
      },
    });
    await open('?name=open');
    await page.getByRole('heading', { name: 'Under way' }).waitFor();
    await page.getByRole('button', { name: 'Cancel what is open' }).click();
    await expect(client.waitForRun(run.id)).rejects.toThrow('ended as CANCELED');
    await page.getByRole('heading', { name: 'Not at its end' }).waitFor();
    const row = page.getByRole('region', { name: 'Runs of it' }).getByRole('row').filter({ hasText: 'cut for yaw' });
    expect(await row.textContent()).toContain('canceled');
    expect(await page.getByRole('button', { name: 'Cancel what is open' }).count()).toBe(0);
  });

  it.each(['light', 'dark'] as const)(
    'hides nothing from whoever cannot see it well, when it is %s',
    async (scheme) => {
      await page.emulateMedia({ colorScheme: scheme });
      await open('?name=full');
      await page.getByRole('heading', { name: 'Figures' }).waitFor();
      await page.evaluate(AXE);
      expect(await page.evaluate(FINDINGS)).toEqual([]);
      await page.setViewportSize({ width: 390, height: 800 });
      expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
      await page.setViewportSize({ width: 1280, height: 900 });
    },
  );
});
