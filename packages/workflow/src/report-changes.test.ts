import type { RowAnswers } from '@kneepoint/regression';
import { describe, expect, test } from 'vitest';
import { changesOf } from './report-changes.ts';

const classes = (answers: readonly number[], truth: readonly number[]): RowAnswers => ({
  ...{ kind: 'class', rows: truth.map((_, row) => row), truth, answers },
});
const named = (rows: number) => ({
  rows: Array.from({ length: rows }, (_, row) => row),
  names: Array.from({ length: rows }, (_, row) => `${row}.png`),
});

describe('images that changed their answer', () => {
  test('come with those that are wrong now first, and those that are wrong still last', () => {
    const truth = [0, 1, 2, 2, 1];
    const found = changesOf(
      classes([1, 0, 2, 1, 1], truth),
      classes([2, 1, 0, 1, 1], truth),
      ['cat', 'dog', 'owl'],
      named(5),
    );
    expect(found).toEqual({
      ...{ compared: 5, changed: 3, spoiled: 1, mended: 1 },
      images: [
        { image: '2.png', truth: ['owl'], before: ['owl'], after: ['cat'] },
        { image: '1.png', truth: ['dog'], before: ['cat'], after: ['dog'] },
        { image: '0.png', truth: ['cat'], before: ['dog'], after: ['owl'] },
      ],
    });
  });

  test('are told by the labels that hold; what nobody knows is neither right nor wrong', () => {
    const labels = (answers: readonly number[]): RowAnswers => ({
      ...{ kind: 'labels', rows: [8], truth: [1, null], answers },
    });
    const images = { rows: [8], names: ['a.png'] };
    expect(changesOf(labels([1, 0]), labels([1, 1]), ['hat', 'scarf'], images)).toEqual({
      ...{ compared: 1, changed: 1, spoiled: 0, mended: 0 },
      images: [{ image: 'a.png', truth: ['hat'], before: ['hat'], after: ['hat', 'scarf'] }],
    });
  });

  test('are a hundred at most, all counted', () => {
    const truth = Array.from({ length: 300 }, () => 0);
    const all = (id: number) =>
      classes(
        truth.map(() => id),
        truth,
      );
    const found = changesOf(all(0), all(1), ['a', 'b'], named(300))!;
    expect([found.changed, found.spoiled, found.images.length]).toEqual([300, 300, 100]);
  });

  test('are not known where answers were not kept', () => {
    const own = classes([0], [0]);
    expect(changesOf(undefined, own, ['a'], named(1))).toBeNull();
    expect(changesOf(own, own, ['a'], undefined)).toBeNull();
  });
});
