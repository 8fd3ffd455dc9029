export interface Backoff {
  /** Milliseconds before the second attempt; doubled with each further one. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/** 5 s, 10 s, 20 s … up to an hour: some seventy attempts in three days. */
export const USUAL_BACKOFF: Backoff = { firstMs: 5_000, longestMs: 3600_000 };

/** No receiver holds a message back for longer by what it answers. */
const LONGEST_WAIT_MS = 24 * 3600_000;

/** Shares by which a wait is shortened or lengthened, so that what failed together does not come again together. */
const JITTER = 0.2;

/** Milliseconds to wait after so many failures in a row. */
export function waitAfter(failures: number, { firstMs, longestMs }: Backoff, random = Math.random): number {
  const wait = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(wait * (1 - JITTER + 2 * JITTER * random()));
}

/** Milliseconds that a `Retry-After` asks for: of seconds or of a date; 0 where it asks for nothing that can be understood. */
export function retryAfterMs(header: string | undefined, now: Date): number {
  if (header === undefined) return 0;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime();
  return Number.isFinite(ms) ? Math.min(LONGEST_WAIT_MS, Math.max(0, ms)) : 0;
}
