import { Failure } from '@kneepoint/failures';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ANYBODY, type Principal } from '../identity/principal.ts';

/** Takes so much of a principal's rate. Throws RATE_EXCEEDED. */
export type Rate = (principal: Pick<Principal, 'id' | 'kind'>, points: number) => Promise<void>;

/** In each process by itself: two gateways let twice as much pass. Who sits at the machine of an embedded server waits for nobody. */
export function createRate(perMinute: number): Rate {
  if (perMinute === 0) return () => Promise.resolve();
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  return async ({ id, kind }, points) => {
    if (points === 0 || (kind === 'local' && id !== ANYBODY.id)) return;
    try {
      // In however many projects: who may work in many is still one.
      await limiter.consume(`${kind} ${id}`, points);
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      const seconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
      throw new Failure(
        'RATE_EXCEEDED',
        `more than ${perMinute} a minute was asked for, a thousand fields counting one`,
        {
          fix: `Ask again in ${seconds} s; ask for less, or less often.`,
        },
      );
    }
  };
}
