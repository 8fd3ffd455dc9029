import { expect, it } from 'vitest';
import { layersAtOnce } from './layers-at-once.ts';

const GB = 2 ** 30;
const settings = { concurrency: 1, memoryMb: 2048 };

it('fits a layer on each core where nothing limits the memory', () => {
  expect(layersAtOnce(settings, { cores: 64 })).toBe(64);
});

it('fits as many as a container has room for, beside a gigabyte for the service', () => {
  expect(layersAtOnce(settings, { cores: 64, memory: 9 * GB })).toBe(4);
  expect(layersAtOnce({ ...settings, memoryMb: 4096 }, { cores: 64, memory: 6 * GB })).toBe(1);
  expect(layersAtOnce(settings, { cores: 2, memory: 64 * GB })).toBe(2);
});

it('fits one at least, and as many as it was told', () => {
  expect(layersAtOnce(settings, { cores: 4, memory: GB })).toBe(1);
  expect(layersAtOnce({ ...settings, concurrency: 3 }, { cores: 1, memory: GB })).toBe(3);
});

it('takes the limits of where it runs', () => {
  expect(layersAtOnce(settings)).toBeGreaterThanOrEqual(1);
});
