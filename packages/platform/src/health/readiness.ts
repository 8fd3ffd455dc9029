import type { Logger } from '../log/create-logger.ts';

export interface Readiness {
  readonly ready: boolean;
  /** `status`, and for each part "ok" or what is wrong. */
  readonly report: Readonly<Record<string, string>>;
}

export type ReadinessChecks = Readonly<Record<string, () => Promise<void>>>;

/** Why a part cannot be used, in words that anybody may read: whoever asks for readiness need not be one who may know where things are. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
}

/**
 * Asks every part at once whether it can be used now; a part says no by throwing. Only what `NotReady` says is told, anything else goes
 * to the log, once until the part is well again.
 */
export function readiness(checks: ReadinessChecks, log: Pick<Logger, 'warn' | 'info'>): () => Promise<Readiness> {
  const failing = new Set<string>();
  const ask = async ([name, check]: [string, () => Promise<void>]): Promise<[string, string]> => {
    try {
      await check();
      if (failing.delete(name)) log.info({ part: name }, 'answers again');
      return [name, 'ok'];
    } catch (error) {
      if (!failing.has(name)) log.warn({ part: name, error }, 'not ready');
      failing.add(name);
      return [name, error instanceof NotReady ? error.message : 'does not answer'];
    }
  };
  return async () => {
    const results = await Promise.all(Object.entries(checks).map(ask));
    const ready = results.every(([, state]) => state === 'ok');
    return { ready, report: { status: ready ? 'ready' : 'not ready', ...Object.fromEntries(results) } };
  };
}
