import { expect, test } from 'vitest';
import { rivalFigures } from '../testing/rival-figures.ts';
import type { Outcome } from './metric.ts';
import { METRICS } from './registry.ts';

const empty = new Float64Array(0);

test('metrics of classes agree with scikit-learn', () => {
  const { truth, guess, ...figures } = rivalFigures.classes;
  const outcome: Outcome = {
    rows: truth.length,
    targets: 1,
    labels: empty,
    scores: empty,
    columns: 1,
    truth: Float64Array.from(truth),
    decision: Float64Array.from(guess),
  };
  expect(METRICS.accuracy.measure(outcome)).toBeCloseTo(figures.accuracy, 14);
  expect(METRICS.balancedAccuracy.measure(outcome)).toBeCloseTo(figures.balancedAccuracy, 14);
});

test('metrics of values agree with scikit-learn', () => {
  const { truth, score, rmse, mae, r2 } = rivalFigures.values;
  const labels = Float64Array.from(truth);
  const scores = Float64Array.from(score);
  const outcome: Outcome = {
    rows: truth.length / 2,
    targets: 2,
    labels,
    scores,
    columns: 2,
    truth: labels,
    decision: scores,
  };
  expect(METRICS.rmse.measure(outcome)).toBeCloseTo(rmse, 12);
  expect(METRICS.mae.measure(outcome)).toBeCloseTo(mae, 12);
  expect(METRICS.r2.measure(outcome)).toBeCloseTo(r2, 12);
});

test('every metric is finite on one row, and the mean of two labels is the accuracy of both', () => {
  const one = Float64Array.of(0.1);
  const outcome: Outcome = { rows: 1, targets: 1, labels: one, scores: one, columns: 1, truth: one, decision: one };
  for (const metric of Object.values(METRICS)) expect(metric.measure(outcome)).toSatisfy(Number.isFinite);
  const labels = { rows: 2, targets: 2, labels: empty, scores: empty, columns: 2 };
  const truth = Float64Array.of(1, 0, 0, 0);
  expect(METRICS.accuracy.measure({ ...labels, truth, decision: Float64Array.of(1, 1, 1, 0) })).toBe(0.5);
});

test('every metric stands under its own name', () => {
  for (const [name, metric] of Object.entries(METRICS)) expect(metric.name).toBe(name);
});
