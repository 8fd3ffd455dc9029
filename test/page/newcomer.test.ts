import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeModel } from '@kneepoint/onnx';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ZipEntry, zipOf } from '../../packages/datasets/src/testing/zip-of.ts';
import { available, program } from '../support/available.ts';
import { type CliServer, startCliServer } from '../support/cli-server.ts';

const PATIENCE_MS = 120_000;
const IMAGES = 120;

/** A zip of the sample's images as people have them: a folder for each class. */
async function classFolders(faces: string): Promise<Buffer> {
  const [head, ...rows] = (await readFile(join(faces, 'labels.csv'), 'utf8')).trim().split('\n');
  const [image, gender] = ['image', 'gender'].map((name) => head!.split(',').indexOf(name)) as [number, number];
  const entries = rows.slice(0, IMAGES).map(async (row, at): Promise<ZipEntry> => {
    const cells = row.split(',');
    return { name: `${cells[gender]}/${at}.png`, contents: await readFile(join(faces, cells[image]!)) };
  });
  return zipOf(await Promise.all(entries));
}

describe.skipIf(!available('chromium-headless-shell'))('a newcomer who has the page alone', () => {
  let server: CliServer;
  let browser: Browser;
  let page: Page;
  let url: string;

  beforeAll(async () => {
    server = await startCliServer('newcomer', { count: IMAGES });
    ({ url } = JSON.parse(await readFile(join(server.data, 'server.json'), 'utf8')) as { url: string });
    browser = await chromium.launch({ executablePath: program('chromium-headless-shell'), args: ['--no-sandbox'] });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  it('brings an ONNX file and a zip of a folder of images, and is led on from each', async () => {
    await page.goto(`${url}/`);
    await page.getByRole('link', { name: 'Models' }).first().click();
    await page.getByLabel('Choose files').setInputFiles(server.sample.model);
    await page.getByText('small is here.').waitFor();
    await page.getByRole('status').getByRole('link', { name: 'Data sets' }).click();
    const archive = join(server.folder, 'people.zip');
    await writeFile(archive, await classFolders(server.sample.faces));
    await page.getByLabel('Choose an archive').setInputFiles(archive);
    await page.getByText('people is here.').waitFor();
    await page.getByRole('heading', { name: 'people' }).waitFor();
    await page.getByText(`${IMAGES} images`).waitFor();
  });

  it('sees where the time of each layer goes, once that was measured', async () => {
    await page.getByRole('link', { name: 'Network', exact: true }).click();
    await page.getByText('What its layers take has not been measured.').waitFor();
    await page.getByRole('button', { name: 'Measure it here' }).click();
    const times = page.getByRole('region', { name: 'Time of each layer' });
    const rows = times.getByRole('row');
    await rows.first().waitFor();
    const shares = (await rows.allTextContents()).map((text) => Number(/([\d.]+)\s%$/.exec(text)?.[1]));
    expect(shares).toHaveLength(6);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeGreaterThan(50);
  });

  it('compresses it, reads what happens and what happened, and downloads a network', async () => {
    await page.getByRole('link', { name: 'Compress', exact: true }).click();
    await page.getByLabel('Take away so much of the work').check();
    await page.getByLabel('How much').fill('50');
    await page.getByLabel('Epochs, when not by default').fill('1');
    await page.getByRole('button', { name: 'Compress' }).click();
    const progress = page.getByRole('region', { name: 'Progress' });
    const said = new Set<string>();
    await progress.waitFor();
    while (await progress.isVisible()) {
      said.add((await progress.textContent({ timeout: 1000 }).catch(() => null)) ?? '');
      await page.waitForTimeout(100);
    }
    expect([...said].join('\n')).toMatch(/\d+ of \d+ steps done · \S+/);
    await page.locator('.state.succeeded').waitFor();
    await page.getByText('Events').click();
    const events = page.getByRole('region', { name: 'Events' });
    await events.getByText('ended: succeeded').waitFor();
    const [launched, first] = (await events.getByRole('row').allTextContents()).slice(1);
    expect(launched).toContain('launched');
    expect(first).toMatch(/succeeded/);
    const download = page.waitForEvent('download');
    await page
      .getByRole('link', { name: /\.onnx$/ })
      .first()
      .click();
    const cut = decodeModel(await readFile(await (await download).path()));
    const whole = decodeModel(await readFile(server.sample.model));
    expect(cut.graph!.node.length).toBeGreaterThan(0);
    const weights = ({ graph }: typeof whole): number =>
      graph!.initializer.reduce((sum, { rawData }) => sum + rawData.byteLength, 0);
    expect(weights(cut)).toBeLessThan(weights(whole));
  });

  it('finds of a failure what it means and what to do about it', async () => {
    await page.goto(`${url}/#/failures?code=ANALYSIS_MISSING`);
    await page.getByRole('heading', { name: 'ANALYSIS_MISSING' }).waitFor();
    await page.getByRole('link', { name: 'All kinds of failures' }).click();
    await page.getByRole('heading', { name: 'Failures' }).waitFor();
    expect(await page.getByRole('row').count()).toBeGreaterThan(50);
  });
});
