import { describe, expect, it } from 'vitest';
import { retryAfterMs, USUAL_BACKOFF, waitAfter } from './backoff.ts';
import { seal, unseal } from './sealed-secret.ts';
import { makeSecret } from './signature.ts';

const [KEY, OTHER] = ['k'.repeat(40), 'o'.repeat(40)] as const;

describe('a secret that has to be kept', () => {
  it('is sealed with the first key, opens with any of them, and is another text each time', () => {
    const secret = makeSecret();
    const sealed = seal(secret, 'a webhook', [KEY]);
    expect(sealed).not.toContain(secret);
    expect(seal(secret, 'a webhook', [KEY])).not.toBe(sealed);
    expect(unseal(sealed, 'a webhook', [OTHER, KEY])).toBe(secret);
  });

  it('opens with no other key, for no other webhook, and not once it was changed', () => {
    const sealed = seal(makeSecret(), 'a webhook', [KEY]);
    const refused = expect.objectContaining({ code: 'WEBHOOK_SECRET_UNREADABLE' }) as Error;
    expect(() => unseal(sealed, 'a webhook', [OTHER])).toThrow(refused);
    expect(() => unseal(sealed, 'a webhook', [])).toThrow(refused);
    expect(() => unseal(sealed, 'another', [KEY])).toThrow(refused);
    const [form, name, text] = sealed.split(':');
    const bytes = Buffer.from(text!, 'base64');
    bytes[20]! ^= 1;
    expect(() => unseal(`${form}:${name}:${bytes.toString('base64')}`, 'a webhook', [KEY])).toThrow(refused);
  });

  it('is kept as it is where the operator gave no key, and still opens once there is one', () => {
    const secret = makeSecret();
    expect(seal(secret, 'a webhook', [])).toBe(`open:${secret}`);
    expect(unseal(`open:${secret}`, 'a webhook', [KEY])).toBe(secret);
  });
});

describe('the wait before another attempt', () => {
  it('doubles up to an hour, a fifth more or less', () => {
    const middle = (failures: number) => waitAfter(failures, USUAL_BACKOFF, () => 0.5);
    expect([1, 2, 3, 10, 11, 500].map(middle)).toEqual([5_000, 10_000, 20_000, 2560_000, 3600_000, 3600_000]);
    expect([0, 1].map((random) => waitAfter(1, USUAL_BACKOFF, () => random))).toEqual([4_000, 6_000]);
  });

  it.each([
    ['120', 120_000],
    ['Mon, 30 Nov 2026 12:01:00 GMT', 60_000],
    ['Mon, 30 Nov 2026 11:00:00 GMT', 0],
    ['999999999', 24 * 3600_000],
    ['soon', 0],
    ['-5', 0],
    [undefined, 0],
  ])('is what Retry-After %s asks for, a day at most', (header, ms) => {
    expect(retryAfterMs(header, new Date('2026-11-30T12:00:00Z'))).toBe(ms);
  });
});
