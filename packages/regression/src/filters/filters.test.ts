import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { tasksOf } from '../testing/tasks.ts';
import { BinnedResponses, responsesByBin } from './binned-responses.ts';
import { ExtremeRows } from './extreme-rows.ts';
import { filterOverlap } from './filter-overlap.ts';
import { labelBins } from './label-bins.ts';

const ROWS = 60;
const FILTERS = 5;
const random = Random.seeded(7, 0);
const signal = Float64Array.from({ length: ROWS }, () => random.normal());
const tasks = tasksOf(signal);
/** Filter 0 follows the signal, filter 4 is constant. */
const responses = Float32Array.from({ length: ROWS * FILTERS }, (_, i) => {
  const [row, filter] = [Math.floor(i / FILTERS), i % FILTERS];
  if (filter === 4) return 1e6 + 0.1;
  return filter === 0 ? 100 + signal[row]! : random.normal();
});

describe('sets of filters', () => {
  it('share what both have, of what either has, and as much by chance as their sizes say', () => {
    const { shared, jaccard, byChance } = filterOverlap([[0, 1, 2], [2, 3], [], []], 6);
    expect(shared[0]).toEqual([3, 1, 0, 0]);
    expect(jaccard).toEqual([
      [1, 0.25, 0, 0],
      [0.25, 1, 0, 0],
      [0, 0, null, null],
      [0, 0, null, null],
    ]);
    expect(byChance[0]).toEqual([1.5, 1, 0, 0]);
  });
});

describe('bins of labels', () => {
  it('hold every labelled row once, in the order of the labels, as many in each as there can be', () => {
    const { bins, rows } = labelBins(tasks.yaw, ROWS, 7);
    expect(bins.map((bin) => bin.rows.length)).toEqual([9, 8, 9, 8, 9, 8, 9]);
    expect([...bins.flatMap((bin) => [...bin.rows])].sort((a, b) => a - b)).toEqual([...rows]);
    bins.slice(1).forEach((bin, at) => expect(bin.bounds![0]).toBeGreaterThan(bins[at]!.bounds![1]));
  });

  it('keep equal values together, and leave out what has no label', () => {
    const labels = Float64Array.of(3, NaN, 1, 3, 3, 2);
    const { bins } = labelBins({ spec: tasks.yaw.spec, labels }, 6, 5);
    expect(bins.map(({ name, rows }) => [name, [...rows]])).toEqual([
      ['1', [2]],
      ['2', [5]],
      ['3', [0, 3, 4]],
    ]);
  });

  it('are none of single rows behind equal values that fill many', () => {
    const labels = Float64Array.from({ length: 100 }, (_, row) => (row < 52 ? 0 : row));
    const { bins } = labelBins({ spec: tasks.yaw.spec, labels }, 100, 10);
    expect(bins.map(({ rows }) => rows.length)).toEqual([52, 8, 10, 10, 10, 10]);
    const { bins: late } = labelBins(
      { spec: tasks.yaw.spec, labels: labels.map((_, row) => (row < 58 ? 0 : row)) },
      100,
      10,
    );
    expect(late.map(({ rows }) => rows.length)).toEqual([58, 12, 10, 10, 10]);
  });

  it.each(['gender', 'age', 'pose', 'mood'] as const)('are the classes of %s, each row in one', (name) => {
    const { bins, overlapping } = labelBins(tasks[name], ROWS);
    expect(overlapping).toBe(false);
    expect(bins.reduce((sum, { rows }) => sum + rows.length, 0)).toBe(ROWS);
    expect(bins.length).toBe({ gender: 2, age: 3, pose: 6, mood: 3 }[name]);
  });

  it('of labels that hold or not are the rows where each holds', () => {
    const { bins, overlapping } = labelBins(tasks.hair, ROWS);
    expect(overlapping).toBe(true);
    const [goatee, beard] = bins.map(({ rows }) => [...rows]);
    expect(goatee).toEqual(expect.arrayContaining(beard!));
    expect(goatee).toEqual([...signal.keys()].filter((row) => tasks.hair.labels[2 * row] === 1));
  });
});

describe('responses by bin', () => {
  const plain = (values: readonly number[]): readonly [number, number] => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    return [mean, Math.sqrt(variance / values.length)];
  };

  it.each(['yaw', 'mood', 'hair'] as const)('are what two passes over the rows of %s give', (name) => {
    const bins = labelBins(tasks[name], ROWS, 6);
    const { mean, standardError } = responsesByBin(responses, FILTERS, bins);
    bins.bins.forEach(({ rows }, bin) => {
      for (let filter = 0; filter < FILTERS; filter++) {
        const [wantedMean, wantedError] = plain([...rows].map((row) => responses[row * FILTERS + filter]!));
        expect(mean[bin * FILTERS + filter]).toBeCloseTo(wantedMean, 9);
        expect(standardError[bin * FILTERS + filter]).toBeCloseTo(wantedError, 9);
      }
    });
  });

  it('are the same shard by shard, and say which filter follows the label', () => {
    const bins = labelBins(tasks.yaw, ROWS, 6);
    const whole = responsesByBin(responses, FILTERS, bins);
    const parts = new BinnedResponses(FILTERS, bins, ROWS);
    for (const from of [0, 7, 40]) {
      const to = { 0: 7, 7: 40, 40: ROWS }[from]!;
      parts.add(responses.subarray(from * FILTERS, to * FILTERS), from);
    }
    expect(parts.finish()).toEqual(whole);
    expect(whole.explained[0]).toBeGreaterThan(0.8);
    expect(whole.explained[1]).toBeLessThan(0.4);
    expect(whole.explained[4]).toBe(0);
  });

  it('set a label against the rows of which it is known not to hold, and against no others', () => {
    // The filter answers where the first label holds, and where nobody knows whether it does.
    const labels = Float64Array.from([1, 1, 0, 0, NaN, NaN].flatMap((label, row) => [label, row % 2]));
    const bins = labelBins({ spec: tasks.hair.spec, labels }, 6);
    expect(bins.rows).toHaveLength(6);
    expect(responsesByBin(Float32Array.of(5, 5, 1, 1, 5, 5), 1, bins).explained[0]).toBeCloseTo(1, 12);
    // The first label's four rows are all equal; of the second the means are 11/3 and 5.
    expect(responsesByBin(Float32Array.of(5, 5, 5, 5, 5, 1), 1, bins).explained[0]).toBeCloseTo(0.2, 12);
  });

  it('say nothing where there are too few rows', () => {
    const labels = Float64Array.of(1, 0, 0, 0, 1, 0, NaN, NaN, NaN);
    const { rows, mean, standardError } = responsesByBin(
      Float32Array.of(1, 2, 3),
      1,
      labelBins({ spec: tasks.mood.spec, labels }, 3),
    );
    expect(rows).toEqual([1, 1, 0]);
    expect([...mean]).toEqual([1, 2, NaN]);
    expect([...standardError]).toEqual([NaN, NaN, NaN]);
  });
});

it('the most and least responsive rows are those that sorting all of them gives', () => {
  const found = new ExtremeRows(FILTERS, 4);
  found.add(responses.subarray(0, 33 * FILTERS), 0);
  found.add(responses.subarray(33 * FILTERS), 33);
  for (let filter = 0; filter < FILTERS; filter++) {
    const rows = [...signal.keys()].map((row) => ({ row, response: responses[row * FILTERS + filter]! }));
    const { most, least } = found.of(filter);
    expect(most).toEqual([...rows].sort((a, b) => b.response - a.response || a.row - b.row).slice(0, 4));
    expect(least).toEqual([...rows].sort((a, b) => a.response - b.response || a.row - b.row).slice(0, 4));
  }
});
