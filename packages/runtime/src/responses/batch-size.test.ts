import { expect, it } from 'vitest';
import { batchSizeFor } from './batch-size.ts';

it('a batch is full for small images, smaller for large ones, and never empty', () => {
  expect(batchSizeFor({ channels: 3, height: 60, width: 60 })).toBe(32);
  expect(batchSizeFor({ channels: 3, height: 224, width: 224 })).toBe(6);
  expect(batchSizeFor({ channels: 3, height: 4000, width: 4000 })).toBe(1);
});

it('a network that runs one image at a time gets one', () => {
  expect(batchSizeFor({ channels: 3, height: 60, width: 60, batch: 1 })).toBe(1);
  expect(batchSizeFor({ channels: 3, height: 60, width: 60, batch: 'free' })).toBe(32);
});
