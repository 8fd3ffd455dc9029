import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { machine } from '../support/machine.ts';
import type { Subject } from './answers.ts';
import { moved } from './moved.ts';
import { FOLDER, serve } from './serve.ts';

/**
 * How smoothly the page moves in Chromium, drawn by software: the dial over 16 layers and over 161, in charts of their own and in one, and a list of
 * 10 000 runs. The gateway is made up and answers at once. `CHROMIUM` names the browser. Needs the page: `make bundle`.
 */
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium-headless-shell';
const SECONDS = 4;
const SUBJECTS: readonly Subject[] = [
  { layers: 16, points: 100, runs: 10_000 },
  { layers: 161, points: 100, runs: 10_000 },
];

/** Bytes of what the first page loads, as they are sent. */
async function firstPageBytes(): Promise<number> {
  const html = await readFile(join(FOLDER, 'index.html'));
  const assets = await readdir(join(FOLDER, 'assets'));
  const first = assets.filter((name) => html.includes(name));
  const files = await Promise.all(first.map((name) => readFile(join(FOLDER, 'assets', name))));
  return [html, ...files].reduce((sum, bytes) => sum + gzipSync(bytes).length, 0);
}

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
const rows: object[] = [];
try {
  for (const subject of SUBJECTS) {
    const { url, stop } = await serve(subject);
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    for (const view of ['layers', 'together']) {
      await page.goto(`${url}/#/curves?view=${view}`);
      await page.locator('.knee').first().waitFor();
      rows.push({ what: 'dial', ...subject, view, ...(await moved(page, 'dial', SECONDS)) });
    }
    if (subject === SUBJECTS[0]) {
      await page.goto(`${url}/#/runs`);
      await page.locator('.row').nth(5).waitFor();
      rows.push({ what: 'list', runs: subject.runs, ...(await moved(page, 'list', SECONDS)) });
    }
    await page.close();
    stop();
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify({ machine: machine(), gzippedBytes: await firstPageBytes(), rows }, null, 2));
