import { expect, test } from 'vitest';
import { centre, scalingOf } from '../statistics/centre.ts';
import { Moments, pilotOf } from '../statistics/moments.ts';
import type { TaskSpec } from '../task/spec.ts';
import { rivalFigures } from '../testing/rival-figures.ts';
import { buildCurve } from './build-curve.ts';
import { type CharacteristicCurve, supportOfPoint } from './characteristic-curve.ts';

const { rows, filters, train } = rivalFigures;
const responses = Float32Array.from(rivalFigures.responses);

/** The curve with the rival's first rows as training and its last as validation. */
function curveOf(spec: TaskSpec, labels: Float64Array, lambdas: number): CharacteristicCurve {
  const targets = spec.targets.length;
  const trainRows = Int32Array.from({ length: train }, (_, i) => i);
  const validationRows = Int32Array.from({ length: rows - train }, (_, i) => train + i);
  const pilot = pilotOf(responses, filters, labels, targets, trainRows);
  const [fitted, judged] = [trainRows, validationRows].map((part) =>
    new Moments(pilot).add(responses, labels, part),
  ) as [Moments, Moments];
  const scaling = scalingOf(fitted);
  const of = (part: Int32Array) => ({ responses, labels, stride: targets, from: 0, rows: part, scaling });
  return buildCurve({
    spec,
    parts: [
      {
        train: centre(fitted, scaling),
        validation: centre(judged, scaling),
        trainRows: of(trainRows),
        validationRows: of(validationRows),
      },
    ],
    trial: 0,
    n: { train, validation: rows - train, test: 0 },
    lambdas,
  });
}

const one: TaskSpec = { name: 'one', type: 'continuous', targets: ['a'] };
const two: TaskSpec = { name: 'two', type: 'ordered', bins: [[0], [0]], targets: ['a', 'b'] };

test.each([
  { spec: one, figures: rivalFigures.lasso },
  { spec: two, figures: rivalFigures.groupLasso },
])('the curve of $spec.name target(s) has the filters and errors of scikit-learn', ({ spec, figures }) => {
  const count = spec.targets.length;
  const labels = Float64Array.from(rivalFigures.labels.filter((_, i) => i % 2 < count));
  const curve = curveOf(spec, labels, figures.points.length + 1);
  expect(curve.lambdaMax).toBeCloseTo(figures.lambdaMax, 10);
  expect(curve.uncertified).toEqual([]);
  figures.points.forEach((wanted, i) => {
    const point = curve.points[i + 1];
    expect(supportOfPoint(curve, i + 1)).toEqual(wanted.filters);
    expect(point?.filters).toBe(wanted.filters.length);
    expect(point?.rmseTrain).toBeCloseTo(wanted.rmseTrain, 6);
    expect(point?.rmseValidation).toBeCloseTo(wanted.rmseValidation, 6);
  });
});
