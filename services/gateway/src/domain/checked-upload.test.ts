import { Failure } from '@kneepoint/failures';
import { describe, expect, it } from 'vitest';
import type { Context } from '../context.ts';
import { checkedUpload } from './checked-upload.ts';

const SHA = 'a'.repeat(64);
const STORED = { sha256: SHA, bytes: 7 };

/** Sums that take until they are told to end. */
function slowSums() {
  const waiting: (() => void)[] = [];
  return {
    sum: () => new Promise<typeof STORED>((resolve) => waiting.push(() => resolve(STORED))),
    end: () => waiting.splice(0).forEach((resolve) => resolve()),
  };
}

/** A store that sums up what it got for as long as it is told to; the rows that were written about it. */
function world(sum: () => Promise<typeof STORED>) {
  const written: string[] = [];
  let read = 0;
  const note = (what: string) => () => Promise.resolve(void written.push(what));
  const context = {
    store: {
      completeUpload: () => {
        read += 1;
        return sum();
      },
    },
    db: {
      prisma: {
        artifact: { createMany: note('artifact') },
        upload: {
          updateMany: ({ data }: { data: object }) => note(Object.keys(data).join())(),
          count: () => Promise.resolve(0),
        },
      },
    },
  } as unknown as Context;
  return { context, written, reads: () => read };
}

describe('an answer does not wait for the sum of a large file', () => {
  it('asked again, it tells how that ended, and the file was read once', async () => {
    const { sum, end } = slowSums();
    const { context, written, reads } = world(sum);
    const ask = (ms: number) => checkedUpload(context, { id: 'large', bytes: 7 }, SHA, ms);
    await expect(ask(5)).rejects.toMatchObject({ code: 'UPLOAD_UNDER_CHECK', retryable: true });
    await expect(ask(5)).rejects.toMatchObject({ code: 'UPLOAD_UNDER_CHECK' });
    expect(written).toEqual([]);
    end();
    expect(await ask(10_000)).toEqual(STORED);
    expect([reads(), written]).toEqual([1, ['artifact', 'sha256']]);
  });

  it('also how it failed, and that nothing of it is an artifact', async () => {
    const { sum, end } = slowSums();
    const { context, written } = world(async () => {
      await sum();
      throw new Failure('UPLOAD_INVALID', 'other bytes');
    });
    const ask = (ms: number) => checkedUpload(context, { id: 'wrong', bytes: 7 }, SHA, ms);
    await expect(ask(5)).rejects.toMatchObject({ code: 'UPLOAD_UNDER_CHECK' });
    end();
    // It has failed before anybody asks again.
    await new Promise(setImmediate);
    await expect(ask(10_000)).rejects.toMatchObject({ code: 'UPLOAD_INVALID' });
    // What is sent to its address still counts.
    expect(written).toEqual([]);
  });

  it('right bytes that come after wrong ones are taken', async () => {
    let sums: 'wrong' | 'right' = 'wrong';
    const { context, reads } = world(() =>
      sums === 'wrong' ? Promise.reject(new Failure('UPLOAD_INVALID', 'other bytes')) : Promise.resolve(STORED),
    );
    const ask = () => checkedUpload(context, { id: 'corrected', bytes: 7 }, SHA);
    await expect(ask()).rejects.toMatchObject({ code: 'UPLOAD_INVALID' });
    sums = 'right';
    expect(await ask()).toEqual(STORED);
    expect(reads()).toBe(2);
  });

  it('one file is summed up once at a time, whatever sums are claimed, and so many files at once', async () => {
    const { sum, end } = slowSums();
    const { context, reads } = world(sum);
    const ask = (id: string, sum = SHA) => checkedUpload(context, { id, bytes: 7 }, sum, 1);
    const claims = Array.from({ length: 20 }, (_, index) => ask('claimed', index === 0 ? SHA : 'b'.repeat(64)));
    const others = Array.from({ length: 20 }, (_, index) => ask(`other ${index}`));
    const ends = await Promise.allSettled([...claims, ...others]);
    const codes = ends.map((end) => (end.status === 'rejected' ? (end.reason as Failure).code : 'none'));
    expect(new Set(codes)).toEqual(new Set(['UPLOAD_UNDER_CHECK']));
    expect(reads()).toBe(4);
    end();
    await new Promise(setImmediate);
    await expect(ask('one more')).rejects.toMatchObject({ code: 'UPLOAD_UNDER_CHECK' });
    expect(reads()).toBe(5);
    end();
    await new Promise(setImmediate);
  });

  it('a store that was away is asked anew', async () => {
    let away = true;
    const { context, reads } = world(() =>
      away ? Promise.reject(new Failure('STORE_UNAVAILABLE', 'away')) : Promise.resolve(STORED),
    );
    const ask = () => checkedUpload(context, { id: 'away', bytes: 7 }, SHA);
    await expect(ask()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    away = false;
    expect(await ask()).toEqual(STORED);
    expect(reads()).toBe(2);
  });
});
