import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../random.ts';
import { failureOf } from '../testing/failure-of.ts';
import { randomLayer } from '../testing/random-layer.ts';
import { centre, scalingOf } from './centre.ts';
import { momentsFromBytes, momentsToBytes } from './moments-bytes.ts';
import { Moments, pilotOf } from './moments.ts';

const everyRow = (rows: number) => Int32Array.from({ length: rows }, (_, i) => i);

function momentsOf({ rows, filters, responses, signal }: ReturnType<typeof randomLayer>, chosen = everyRow(rows)) {
  return new Moments(pilotOf(responses, filters, signal, 1, chosen)).add(responses, signal, chosen);
}

function expectClose(actual: Float64Array, wanted: Float64Array, tolerance: number): void {
  const scale = wanted.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-300);
  expect(actual.length).toBe(wanted.length);
  actual.forEach((value, i) => expect(Math.abs(value - (wanted[i] as number)) / scale).toBeLessThanOrEqual(tolerance));
}

describe('statistics of a layer', () => {
  test('are the sums that their definition names, for any number of filters', () => {
    for (const filters of [1, 2, 3, 4, 5, 7, 8, 13]) {
      const layer = randomLayer({ rows: 150, filters });
      const moments = momentsOf(layer);
      const { shift } = moments.pilot;
      const wanted = new Float64Array(filters * filters);
      for (let row = 0; row < layer.rows; row++) {
        const x = (j: number) => (layer.responses[row * filters + j] as number) - (shift[j] as number);
        for (let i = 0; i < filters; i++) for (let j = 0; j <= i; j++) wanted[i * filters + j]! += x(i) * x(j);
      }
      expectClose(moments.gram, wanted, 1e-13);
    }
  });

  test('never have a variance below zero, where a filter stands still on other rows than those that scale it', () => {
    const filters = 64;
    const rows = 200;
    const half = 100;
    const random = Random.seeded(7);
    // The value at which a filter stands still differs from its mean on the training rows by all that rounding can make of it.
    const responses = Float32Array.from({ length: rows * filters }, (_, at) => {
      const [row, filter] = [Math.floor(at / filters), at % filters];
      return row < half ? random.uniform() * 10 ** -(filter % 8) : 0.1 * 10 ** -(filter % 8);
    });
    const labels = new Float64Array(rows);
    const [train, validation] = [everyRow(half), everyRow(rows).slice(half)];
    const pilot = pilotOf(responses, filters, labels, 1, train);
    const scaling = scalingOf(new Moments(pilot).add(responses, labels, train));
    // Centred on the still value itself the variance is exactly what cancels.
    const still = {
      ...scaling,
      mean: Float64Array.from({ length: filters }, (_, j) => responses[half * filters + j]!),
    };
    const { gram } = centre(new Moments(pilot).add(responses, labels, validation), still);
    for (let j = 0; j < filters; j++) expect(gram[j * filters + j]).toBeGreaterThanOrEqual(0);
  });

  test('of shards add up to those of the whole to 1e-12, however they are cut', () => {
    const layer = randomLayer({ rows: 400, filters: 10 });
    const whole = momentsOf(layer);
    const scaling = scalingOf(whole);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 399 }), { maxLength: 6 }), (cuts) => {
        const ends = [0, ...cuts.sort((a, b) => a - b), 400];
        const merged = new Moments(whole.pilot);
        for (let k = 1; k < ends.length; k++) {
          // Each shard has its own pilot, as shards on different machines have.
          merged.merge(momentsOf(layer, everyRow(400).subarray(ends[k - 1], ends[k])));
        }
        expect(merged.n).toBe(400);
        const [a, b] = [centre(merged, scaling), centre(whole, scaling)];
        expectClose(a.gram, b.gram, 1e-12);
        expectClose(a.cross, b.cross, 1e-12);
        expectClose(a.squares, b.squares, 1e-12);
      }),
      { numRuns: 30 },
    );
  });

  test('keep their digits when the mean is a million deviations away', () => {
    const random = Random.seeded(4);
    const responses = Float32Array.from({ length: 3000 }, () => 4096 + Math.round(random.normal() * 8) / 1024);
    const labels = new Float64Array(3000).map(() => 1e9 + random.normal());
    const moments = new Moments(pilotOf(responses, 1, labels, 1, everyRow(3000))).add(responses, labels);
    const mean = responses.reduce((a, b) => a + (b - 4096), 0) / 3000;
    const deviation = Math.sqrt(responses.reduce((a, b) => a + (b - 4096 - mean) ** 2, 0) / 3000);
    const scaling = scalingOf(moments);
    expect(scaling.scale[0]).toBeCloseTo(deviation, 12);
    expect(Math.abs((centre(moments, scaling).squares[0] as number) - 1)).toBeLessThan(0.1);
  });

  test('survive being written and read, bit by bit', () => {
    const moments = momentsOf(randomLayer({ filters: 7 }));
    const read = momentsFromBytes(momentsToBytes(moments));
    expect(read).toEqual(moments);
  });

  test('are refused when damaged', () => {
    const bytes = momentsToBytes(momentsOf(randomLayer({ filters: 3 })));
    const notFinite = bytes.slice();
    new DataView(notFinite.buffer).setFloat64(40, NaN, true);
    for (const damaged of [bytes.subarray(1), bytes.subarray(0, 60), new Uint8Array(0), notFinite]) {
      expect(failureOf(() => momentsFromBytes(damaged)).code).toBe('REGRESSION_MOMENTS_INVALID');
    }
  });

  test('of different layers do not add', () => {
    const [a, b] = [momentsOf(randomLayer({ filters: 3 })), momentsOf(randomLayer({ filters: 4 }))];
    expect(failureOf(() => a.merge(b)).code).toBe('REGRESSION_SHAPE');
    expect(failureOf(() => a.add(new Float32Array(6), new Float64Array(3))).code).toBe('REGRESSION_SHAPE');
  });
});

describe('scaled statistics', () => {
  test('have ones on the diagonal, zeros for filters that do not vary, and nothing that is not finite', () => {
    const layer = randomLayer({ rows: 100, filters: 6 });
    for (let row = 0; row < 100; row++) {
      layer.responses[row * 6 + 2] = 0.1;
      layer.responses[row * 6 + 4] = 0;
    }
    const moments = momentsOf(layer);
    const scaling = scalingOf(moments);
    const { gram, cross } = centre(moments, scaling);
    for (let j = 0; j < 6; j++) {
      const constant = j === 2 || j === 4;
      expect(gram[j * 6 + j]).toBeCloseTo(constant ? 0 : 1, 12);
      expect(scaling.scale[j] === 0).toBe(constant);
      if (constant) expect(cross[j]).toBe(0);
    }
    expect(gram.every(Number.isFinite)).toBe(true);
  });
});
