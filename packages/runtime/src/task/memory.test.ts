import { describe, expect, it } from 'vitest';
import { residentBytes, residentFromProc, residentFromPs, watchMemory } from './memory.ts';

describe('resident memory', () => {
  it.runIf(process.platform === 'linux')('is the same from /proc, from ps and from the process itself', async () => {
    const own = process.memoryUsage.rss();
    for (const bytes of [await residentFromProc(process.pid), await residentFromPs(process.pid)]) {
      expect(Math.abs(bytes! - own) / own).toBeLessThan(0.2);
    }
  });

  it('of a process that is gone is not known', async () => {
    expect(await residentBytes(2 ** 30)).toBeUndefined();
    expect(await residentFromPs(2 ** 30)).toBeUndefined();
  });

  it('is reported once when it passes the limit', async () => {
    const bytes = await new Promise<number>((resolve) => watchMemory(process.pid, 1, resolve));
    expect(bytes).toBeGreaterThan(2 ** 20);
  });
});
