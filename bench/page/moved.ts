import type { Page } from 'playwright-core';

/** Frames in a second while something moves in each of them, and the longest that one took. */
export interface Smoothness {
  readonly frames: number;
  readonly framesPerSecond: number;
  readonly longestMs: number;
}

/** Runs in the page: moves the dial to and fro, or the list down, a step in each frame. */
export function moved(page: Page, what: 'dial' | 'list', seconds: number): Promise<Smoothness> {
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
        frames: gaps.length,
        framesPerSecond: Math.round((1000 * gaps.length) / (times.at(-1) - times[0])),
        longestMs: Math.round(Math.max(...gaps)),
      };
    })(${JSON.stringify({ what, seconds })})`,
  );
}
