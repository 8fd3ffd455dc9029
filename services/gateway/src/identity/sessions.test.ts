import { Failure } from '@kneepoint/failures';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Authenticator } from './authenticator.ts';
import { Sessions } from './sessions.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Sessions of so many tokens, judged by what is said of each; and which have ended by which code. */
function open(tokens: readonly string[], judge: (token: string) => Promise<void>) {
  const authenticator = {
    authenticate: ({ token }: { token: string }) => judge(token),
  } as unknown as Authenticator;
  const sessions = new Sessions(authenticator);
  const ended = new Map<string, string>();
  for (const token of tokens) {
    const end = ({ code }: Failure): void => {
      ended.set(token, code);
      forget();
    };
    const forget = sessions.add({ credentials: { token, project: undefined }, end });
  }
  return { sessions, ended };
}

it('a token that was revoked ends its session within five seconds, though another one is asked for without an answer', async () => {
  let isRevoked = false;
  const { sessions, ended } = open(['silent', 'good', 'revoked'], (token) => {
    if (token === 'silent') return new Promise(() => undefined);
    return token === 'good' && !isRevoked
      ? Promise.resolve()
      : Promise.reject(new Failure('UNAUTHENTICATED', 'revoked'));
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect([...ended]).toEqual([['revoked', 'UNAUTHENTICATED']]);
  isRevoked = true;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ended.get('good')).toBe('UNAUTHENTICATED');
  sessions.close();
});

it('while nobody can say whether tokens are good, sessions go on for a minute, and no longer', async () => {
  let isAway = true;
  const { sessions, ended } = open(['a'], () =>
    isAway ? Promise.reject(new Failure('DATABASE_UNAVAILABLE', 'away')) : Promise.resolve(),
  );
  await vi.advanceTimersByTimeAsync(50_000);
  isAway = false;
  await vi.advanceTimersByTimeAsync(4_000);
  isAway = true;
  await vi.advanceTimersByTimeAsync(55_000);
  expect(ended.size).toBe(0);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([...ended]).toEqual([['a', 'DATABASE_UNAVAILABLE']]);
  sessions.close();
});
