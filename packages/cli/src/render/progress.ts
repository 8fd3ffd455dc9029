import { duration } from './number.ts';

export interface ProgressState {
  readonly fraction: number;
  readonly current: string | null;
  readonly done: number | null;
  readonly total: number | null;
  readonly unit: string | null;
  readonly etaSeconds: number | null;
}

const BAR = 24;
const STEP = 0.1;

/** Progress on standard error: one line redrawn on a terminal, else a line at each tenth of the work. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream;
  #printed = -1;
  #drawn = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  show(title: string, state: ProgressState): void {
    const text = describe(title, state);
    if (this.#stream.isTTY) {
      const filled = Math.round(state.fraction * BAR);
      this.#stream.write(
        `\r\x1b[K${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${text}`.slice(0, (this.#stream.columns ?? 100) + 4),
      );
      this.#drawn = true;
      return;
    }
    const tenth = Math.floor(state.fraction / STEP + 1e-9);
    if (tenth > this.#printed) {
      this.#printed = tenth;
      this.#stream.write(`${text}\n`);
    }
  }

  /** A line that stays, above the bar. */
  line(text: string): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
  }

  /** Clears the line, so that what is printed next starts on an empty one. */
  end(): void {
    this.#clear();
    this.#printed = -1;
  }

  #clear(): void {
    if (this.#drawn) this.#stream.write('\r\x1b[K');
    this.#drawn = false;
  }
}

function describe(title: string, { fraction, current, done, total, unit, etaSeconds }: ProgressState): string {
  const parts = [`${Math.floor(100 * fraction)} %`, current ?? title];
  if (done !== null && total !== null && unit) parts.push(`${done}/${total} ${unit}`);
  if (etaSeconds !== null) parts.push(`${duration(etaSeconds)} left`);
  return parts.join(' · ');
}
