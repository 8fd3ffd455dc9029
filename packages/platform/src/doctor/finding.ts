import { Failure, FAILURES } from '@kneepoint/failures';

/** What one check found. */
export interface Finding {
  /** What was looked at, such as `database`. */
  readonly name: string;
  /** warning: it works, and will hurt sooner or later. wrong: it does not work. */
  readonly state: 'ok' | 'warning' | 'wrong';
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
  readonly code?: string;
}

export type Check = () => Promise<Omit<Finding, 'name'>>;

export const ok = (detail: string): Omit<Finding, 'name'> => ({ state: 'ok', detail });

/** For a check that needs what another one has found wrong: saying it twice helps nobody. */
export const notTried = (reason: string): Omit<Finding, 'name'> => ({
  state: 'warning',
  detail: `not tried: ${reason}`,
});

const PATIENCE_MS = 30_000;

/** Runs a check; whatever it throws, or its silence, is what is wrong. */
export async function examine(name: string, check: Check): Promise<Finding> {
  const over = new AbortController();
  const silence = new Promise<never>((_resolve, reject) => {
    const clock = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
    over.signal.addEventListener('abort', () => clearTimeout(clock));
  });
  try {
    return { name, ...(await Promise.race([check(), silence])) };
  } catch (error) {
    const { code, message, fix } = Failure.from(error);
    return { name, state: 'wrong', detail: message, code, fix: fix ?? FAILURES[code].cure };
  } finally {
    over.abort();
  }
}
