import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { kept } from './health-routes.ts';

it('whether a gateway is ready is looked up once for all who ask at a time, and anew for those who ask later', async () => {
  let looks = 0;
  const ready = kept(async () => {
    looks += 1;
    await sleep(10);
    if (looks === 2) throw new Error('away');
    return looks;
  }, 30);
  expect(await Promise.all(Array.from({ length: 100 }, ready))).toEqual(Array.from({ length: 100 }, () => 1));
  expect(await ready()).toBe(1);
  await sleep(60);
  await expect(ready()).rejects.toThrow('away');
  await sleep(60);
  expect(await ready()).toBe(3);
});
