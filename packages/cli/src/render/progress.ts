import type { RunFieldsFragment } from '@kneepoint/client';
import { printable } from '../output.ts';
import { duration } from './number.ts';

export type ProgressState = RunFieldsFragment['progress'];

const BAR = 24;
const STEP = 0.1;
/** Where lines are not redrawn, one is written after so long at the latest when anything has moved. */
const QUIET_MS = 30_000;
/** Who waits for a worker is told of after so long. */
const WAIT_MS = 5_000;

/** Progress on standard error: one line redrawn on a terminal, else a line for each stage, each tenth of the work and each half minute. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream;
  #printed = -1;
  #stage = '';
  #last = '';
  #at = Date.now();
  #drawn = false;
  #waiting: NodeJS.Timeout | undefined;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  show(title: string, state: ProgressState): void {
    const text = printable(describe(title, state));
    if (this.#stream.isTTY) {
      const filled = Math.round(state.fraction * BAR);
      this.#stream.write(
        `\r\x1b[K${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${text}`.slice(0, (this.#stream.columns ?? 100) + 4),
      );
      this.#drawn = true;
      return;
    }
    clearTimeout(this.#waiting);
    // Nearly every step waits for a moment: that is worth a line where it lasts, and nothing happens that would call for one.
    if (state.state === 'QUEUED' || state.state === 'WAITING') {
      this.#waiting = setTimeout(() => this.#write(text), WAIT_MS).unref();
      return;
    }
    const tenth = Math.floor(state.fraction / STEP + 1e-9);
    const stage = state.kind ?? '';
    const moved = text !== this.#last && Date.now() - this.#at > QUIET_MS;
    if (tenth <= this.#printed && stage === this.#stage && !moved) return;
    this.#printed = Math.max(this.#printed, tenth);
    this.#stage = stage;
    this.#write(text);
  }

  #write(text: string): void {
    this.#last = text;
    this.#at = Date.now();
    this.#stream.write(`${text}\n`);
  }

  /** A line that stays, above the bar. */
  line(text: string): void {
    this.#clear();
    this.#stream.write(`${printable(text)}\n`);
  }

  /** Clears the line, so that what is printed next starts on an empty one. */
  end(): void {
    clearTimeout(this.#waiting);
    this.#clear();
    this.#printed = -1;
  }

  #clear(): void {
    if (this.#drawn) this.#stream.write('\r\x1b[K');
    this.#drawn = false;
  }
}

/** Who waits is not said to work, and how long it takes is said of what is measured. */
function describe(title: string, progress: ProgressState): string {
  const { fraction, current, state, message, done, total, unit, etaSeconds } = progress;
  const parts = [`${Math.floor(100 * fraction)} %`, current ?? title];
  if (state === 'QUEUED') return [...parts, 'waits for a worker'].join(' · ');
  if (state === 'WAITING') return [...parts, 'waits for what comes before it'].join(' · ');
  if (message !== null) parts.push(message);
  if (done !== null && total !== null && unit !== null && unit !== 'stages') parts.push(`${done}/${total} ${unit}`);
  if (etaSeconds !== null && unit !== 'stages') parts.push(`${duration(etaSeconds)} left`);
  return parts.join(' · ');
}
