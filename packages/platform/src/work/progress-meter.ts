import { cleanText } from './stored-json.ts';

/** What a handler reports. Numbers that are not finite are taken as unknown. */
export interface ProgressReport {
  readonly done: number;
  readonly total?: number;
  /** What is counted: `images`, `layers`. */
  readonly unit?: string;
  readonly message?: string;
}

export interface ProgressState {
  readonly done: number;
  readonly total: number | null;
  readonly unit: string | null;
  readonly message: string | null;
  readonly ratePerSecond: number | null;
  readonly etaSeconds: number | null;
}

/** Older progress weighs half after this long. */
const HALF_LIFE_SECONDS = 10;
const MESSAGE_LENGTH = 500;

/** Turns reports into a rate (an exponentially weighted mean over time) and the time that is left. */
export class ProgressMeter {
  #state: ProgressState = { done: 0, total: null, unit: null, message: null, ratePerSecond: null, etaSeconds: null };
  #at: number | undefined;
  #dirty = false;

  /** `now` in milliseconds, of a clock that never goes back. */
  report({ done, total, unit, message }: ProgressReport, now: number): void {
    const count = finite(done) ?? this.#state.done;
    const ratePerSecond = this.#rate(count, now);
    const whole = finite(total) ?? this.#state.total;
    const left = whole === null ? null : Math.max(0, whole - count);
    this.#state = {
      done: count,
      total: whole,
      unit: unit ?? this.#state.unit,
      message: message === undefined ? this.#state.message : cleanText(message.slice(0, MESSAGE_LENGTH)),
      ratePerSecond,
      etaSeconds: left === null || ratePerSecond === null || ratePerSecond <= 0 ? null : left / ratePerSecond,
    };
    this.#dirty = true;
  }

  /** How far the work is now. */
  get state(): ProgressState {
    return this.#state;
  }

  /** What has not been taken yet, if anything. */
  take(): ProgressState | undefined {
    if (!this.#dirty) return undefined;
    this.#dirty = false;
    return this.#state;
  }

  #rate(done: number, now: number): number | null {
    const before = this.#at;
    const seconds = before === undefined ? 0 : (now - before) / 1000;
    if (before === undefined || done < this.#state.done) {
      this.#at = now;
      return null;
    }
    // Reports in a burst are judged together: a rate over no time is none.
    if (seconds <= 0 || done === this.#state.done) return this.#state.ratePerSecond;
    this.#at = now;
    const current = (done - this.#state.done) / seconds;
    const old = this.#state.ratePerSecond;
    const keep = old === null ? 0 : 0.5 ** (seconds / HALF_LIFE_SECONDS);
    return keep * (old ?? 0) + (1 - keep) * current;
  }
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
