import { expect, it } from 'vitest';
import { linearScores } from './scores.ts';

it.each([
  { targets: 1, rows: Int32Array.of(2, 0) },
  { targets: 3, rows: Int32Array.of(1) },
  { targets: 4, rows: Int32Array.of(2, 0, 1) },
  { targets: 9, rows: Int32Array.of(0, 2, 1) },
])('adds up each of $targets targets in the order of its filters', ({ targets, rows }) => {
  const filters = 5;
  const responses = Float32Array.from({ length: 3 * filters }, (_, i) => Math.sin(i + 1));
  const weights = Float64Array.from({ length: targets * filters }, (_, i) => Math.cos(3 * i));
  const intercepts = Float64Array.from({ length: targets }, (_, t) => t / 7);
  const expected = [...rows].flatMap((row) =>
    [...intercepts].map((intercept, t) =>
      [...responses.subarray(row * filters, (row + 1) * filters)].reduce(
        (sum, response, j) => sum + response * weights[t * filters + j]!,
        intercept,
      ),
    ),
  );
  expect([...linearScores(responses, rows, weights, intercepts)]).toEqual(expected);
});
