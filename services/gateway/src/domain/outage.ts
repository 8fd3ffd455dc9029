import { isUnavailable } from '@kneepoint/platform';

/** How long a database that is away is waited for by those who follow something. */
const PATIENCE_MS = 30_000;

/** Reads that are repeated while the database is away, so that a moment without it ends nobody's subscription. */
export class Outage {
  #since: number | null = null;

  /** To be told of each read that succeeds. */
  over(): void {
    this.#since = null;
  }

  /** Whether a read that failed is to be repeated: not for a defect, nor once it has taken too long. */
  passes(error: unknown): boolean {
    if (!isUnavailable(error)) return false;
    this.#since ??= Date.now();
    return Date.now() - this.#since < PATIENCE_MS;
  }
}
