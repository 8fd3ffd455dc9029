import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium, type Page } from 'playwright-core';
import { machine } from '../support/machine.ts';
import { answerTo, type Subject } from './answers.ts';

/**
 * How smoothly the page moves in Chromium, drawn by software: the dial over 16 layers and over 161, in charts of their own and in one, and a list of
 * 10 000 runs. The gateway is made up and answers at once. `CHROMIUM` names the browser. Needs the page: `make bundle`.
 */
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium-headless-shell';
const FOLDER = join(import.meta.dirname, '../../dist/web');
const SECONDS = 4;
const SUBJECTS: readonly Subject[] = [
  { layers: 16, points: 100, runs: 10_000 },
  { layers: 161, points: 100, runs: 10_000 },
];
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** Frames in a second while something moves in each of them, and the longest that one took. */
interface Smoothness {
  readonly framesPerSecond: number;
  readonly longestMs: number;
}

async function serve(subject: Subject) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://bench');
    if (pathname === '/graphql') {
      const parts: Buffer[] = [];
      request
        .on('data', (part: Buffer) => parts.push(part))
        .on('end', () => {
          const asked = JSON.parse(Buffer.concat(parts).toString()) as Parameters<typeof answerTo>[0];
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify(answerTo(asked, subject)));
        });
      return;
    }
    const name = pathname === '/' ? '/index.html' : pathname;
    readFile(join(FOLDER, name)).then(
      (bytes) => {
        response.setHeader('content-type', TYPES[extname(name)] ?? 'application/octet-stream');
        response.end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
}

/** Runs in the page: moves the dial to and fro, or the list down, a step in each frame. */
function moved(page: Page, what: 'dial' | 'list'): Promise<Smoothness> {
  return page.evaluate<Smoothness>(
    `(async ({ what, seconds }) => {
      const dial = document.querySelector('input[type=range]');
      const list = document.querySelector('.list-box');
      const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
      const times = [];
      let step = 0;
      await new Promise((done) => {
        const frame = (now) => {
          times.push(now);
          if (now - times[0] > 1000 * seconds) return done();
          step += 1;
          if (what === 'dial') {
            const most = Number(dial.max);
            const at = step % (2 * most);
            set.call(dial, String(at > most ? 2 * most - at : at));
            dial.dispatchEvent(new Event('input', { bubbles: true }));
          } else {
            list.scrollTop += 120;
          }
          requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
      });
      const gaps = times.slice(1).map((time, at) => time - times[at]);
      return {
        framesPerSecond: Math.round((1000 * gaps.length) / (times.at(-1) - times[0])),
        longestMs: Math.round(Math.max(...gaps)),
      };
    })(${JSON.stringify({ what, seconds: SECONDS })})`,
  );
}

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
      rows.push({ what: 'dial', ...subject, view, ...(await moved(page, 'dial')) });
    }
    if (subject === SUBJECTS[0]) {
      await page.goto(`${url}/#/runs`);
      await page.locator('.row').nth(5).waitFor();
      rows.push({ what: 'list', runs: subject.runs, ...(await moved(page, 'list')) });
    }
    await page.close();
    stop();
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify({ machine: machine(), gzippedBytes: await firstPageBytes(), rows }, null, 2));
