import { describe, expect, it } from 'vitest';
import { floatsToBytes, wordsToBytes } from './to-bytes.ts';

describe('wordsToBytes', () => {
  it.each<[number, number[], number[]]>([
    [8, [0, 100, 255], [0, 100, 255]],
    [10, [0, 1023, 512], [0, 255, 128]],
    [12, [0, 4095, 2048, 1024], [0, 255, 128, 64]],
    [14, [0, 16_383, 8192], [0, 255, 128]],
    [16, [0, 65_535, 257 * 77], [0, 255, 77]],
  ])('finds that %i bits are in use', (_, words, bytes) => {
    expect([...wordsToBytes(Uint16Array.from(words))]).toEqual(bytes);
  });

  it('goes by the white that is declared, and cuts off what is above it', () => {
    expect([...wordsToBytes(Uint16Array.of(0, 4095, 257), 65_535)]).toEqual([0, 16, 1]);
    expect([...wordsToBytes(Uint16Array.of(0, 4095, 5000), 4095)]).toEqual([0, 255, 255]);
  });

  it('leaves black black', () => {
    expect([...wordsToBytes(Uint16Array.of(0, 0))]).toEqual([0, 0]);
  });
});

describe('floatsToBytes', () => {
  it.each<[string, number[], number[]]>([
    ['from 0 to 1', [0, 0.5, 1], [0, 128, 255]],
    ['from 0 to 255', [0, 100, 255], [0, 100, 255]],
    ['of any range', [-100, 0, 100], [0, 128, 255]],
    ['that are all the same', [7000, 7000], [0, 0]],
    ['that are not all finite', [NaN, 1, Infinity, 0], [0, 255, 0, 0]],
    ['none of which is finite', [NaN, -Infinity], [0, 0]],
  ])('takes numbers %s', (_, values, bytes) => {
    expect([...floatsToBytes(Float32Array.from(values))]).toEqual(bytes);
  });
});
