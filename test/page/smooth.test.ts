import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moved } from '../../bench/page/moved.ts';
import { serve } from '../../bench/page/serve.ts';
import { available, program } from '../support/available.ts';

const PATIENCE_MS = 60_000;
const SECONDS = 2;
/** Of a run of the list that is drawn; the others are not. */
const MOST_ROWS = 60;

/**
 * What the page's own thread has worked, in milliseconds of processor time: a clock would count what other tests take of the machine. How many
 * frames that gives on an idle one is measured by bench/page.
 */
async function workedMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1000 * metrics.find(({ name }) => name === 'TaskDuration')!.value;
}

describe.skipIf(!available('chromium-headless-shell'))('the page, moving', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: program('chromium-headless-shell'), args: ['--no-sandbox'] });
  });
  afterAll(() => browser.close());

  async function open(url: string): Promise<{ readonly page: Page; readonly session: CDPSession }> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(PATIENCE_MS);
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    await page.goto(url);
    return { page, session };
  }

  it.each([
    [16, 1000 / 60],
    [161, 1000 / 30],
  ])('moves the knees of %i layers within the %f ms of a frame', async (layers, mostMs) => {
    const { url, stop } = await serve({ layers, points: 100, runs: 1 });
    const { page, session } = await open(`${url}/#/curves`);
    await page.locator('.knee').first().waitFor();
    const loaded = await workedMs(session);
    if (layers === 16) expect(loaded).toBeLessThan(1000);
    const { frames } = await moved(page, 'dial', SECONDS);
    expect(frames).toBeGreaterThan(10);
    expect(((await workedMs(session)) - loaded) / frames).toBeLessThan(mostMs);
    await page.close();
    stop();
  });

  it('scrolls ten thousand runs, of which it draws what is seen', async () => {
    const { url, stop } = await serve({ layers: 1, points: 2, runs: 10_000 });
    const { page, session } = await open(`${url}/#/runs`);
    await page.locator('.row').nth(5).waitFor();
    const before = await workedMs(session);
    const { frames } = await moved(page, 'list', SECONDS);
    expect(((await workedMs(session)) - before) / frames).toBeLessThan(1000 / 60);
    expect(await page.locator('.row').count()).toBeLessThan(MOST_ROWS);
    expect(await page.evaluate(`document.querySelector('.list-box').scrollTop`)).toBeGreaterThan(1000);
    await page.close();
    stop();
  });
});
