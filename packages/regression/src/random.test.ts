import { expect, test } from 'vitest';
import { Random } from './random.ts';

test('the generator gives the sequence of the published xoshiro128**', () => {
  const random = new Random([1, 2, 3, 4]);
  // By a direct transcription of https://prng.di.unimi.it/xoshiro128starstar.c in Python integers.
  expect(Array.from({ length: 6 }, () => random.uint32())).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492,
  ]);
});

test('the same seeds give the same sequence and their order matters', () => {
  const draw = (...seeds: number[]) => {
    const random = Random.seeded(...seeds);
    return Array.from({ length: 4 }, () => random.uint32());
  };
  expect(draw(1, 2)).toEqual(draw(1, 2));
  expect(draw(1, 2)).not.toEqual(draw(2, 1));
  expect(draw(1)).not.toEqual(draw(1 + 2 ** 32));
});

test('normal numbers have mean 0 and variance 1', () => {
  const random = Random.seeded(7);
  const values = Array.from({ length: 20_000 }, () => random.normal());
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(20_000));
  expect(Math.abs(variance - 1)).toBeLessThan(0.05);
});

test('a shuffle keeps every value', () => {
  const values = Random.seeded(3).shuffle(Int32Array.from({ length: 100 }, (_, i) => i));
  expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect([...values]).not.toEqual(Array.from({ length: 100 }, (_, i) => i));
});
