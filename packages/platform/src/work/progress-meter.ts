import { cleanText } from './stored-json.ts';

/** What a handler reports. Numbers that are not finite are taken as unknown. */
export interface ProgressReport {
  readonly done: number;
  readonly total?: number;
  /** What is counted: `images`, `layers`. */
  readonly unit?: string;
  readonly message?: string;
  /** How much of the step is done, 0 to 1, where it counts several things one after the other; else what is done of the total. */
  readonly share?: number;
}

export interface ProgressState {
  readonly done: number;
  readonly total: number | null;
  readonly unit: string | null;
  readonly message: string | null;
  readonly ratePerSecond: number | null;
  readonly etaSeconds: number | null;
  /** How much of the step is done, 0 to 1. It never falls. */
  readonly share: number;
}

/** Older progress weighs half after this long. */
const HALF_LIFE_SECONDS = 10;
const MESSAGE_LENGTH = 500;

/** Turns reports into a rate (an exponentially weighted mean over time) and the time that is left. */
export class ProgressMeter {
  #state: ProgressState = {
    ...{ done: 0, total: null, unit: null, message: null },
    ...{ ratePerSecond: null, etaSeconds: null, share: 0 },
  };
  #at: number | undefined;
  #dirty = false;

  /** `now` in milliseconds, of a clock that never goes back. */
  report({ done, total, unit, message, share }: ProgressReport, now: number): void {
    const count = finite(done) ?? this.#state.done;
    // Another thing is counted from here on.
    if (unit !== undefined && unit !== this.#state.unit) this.#at = undefined;
    const ratePerSecond = this.#rate(count, now);
    const whole = finite(total) ?? this.#state.total;
    const part = finite(share) ?? (whole !== null && whole > 0 ? count / whole : 0);
    const left = whole === null ? null : Math.max(0, whole - count);
    this.#state = {
      done: count,
      total: whole,
      unit: unit ?? this.#state.unit,
      message: message === undefined ? this.#state.message : cleanText(message.slice(0, MESSAGE_LENGTH)),
      ratePerSecond,
      etaSeconds: left === null || ratePerSecond === null || ratePerSecond <= 0 ? null : left / ratePerSecond,
      share: Math.max(this.#state.share, Math.min(1, part)),
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
