import type { Manifest } from '@kneepoint/datasets';
import { chooseThresholds, judge, type TaskSpec } from '@kneepoint/regression';
import { describe, expect, it } from 'vitest';
import { foldScale, leastSquaresScale, unfoldScale, unitScale } from './answer-scale.ts';
import { fallOf } from '../quantize/fall.ts';
import { judgeTasks, validationMetric } from '../training/judge-epoch.ts';
import { checkData } from './check-data.ts';
import { balancedWeights, lossTerms } from './loss-terms.ts';
import { partsOf } from './parts.ts';
import { startHead } from './start-head.ts';
import { Targets } from './targets.ts';
import { totalLoss } from './validation-loss.ts';

const N = 60;
const YAW: TaskSpec = { name: 'yaw', type: 'continuous', targets: ['yaw'], mirror: { negate: [0] } };
const HAT: TaskSpec = { name: 'hat', type: 'binary', classes: ['bare', 'hat'], targets: ['hat'] };
const MOOD: TaskSpec = { name: 'mood', type: 'categorical', classes: ['sad', 'glad'], targets: ['sad', 'glad'] };
const HAIR: TaskSpec = { name: 'hair', type: 'multilabel', classes: ['beard', 'bun'], targets: ['beard', 'bun'] };

function manifest(labels: Record<string, number[]>, extra: Partial<Manifest> = {}): Manifest {
  return {
    images: Array.from({ length: N }, (_, i) => `${i}.png`),
    tasks: [YAW, HAT, MOOD, HAIR],
    labels: Object.fromEntries(Object.entries(labels).map(([name, values]) => [name, Float64Array.from(values)])),
    splitBy: {},
    missing: {},
    notes: [],
    ...extra,
  };
}

const each = (value: (row: number) => number | number[]): number[] =>
  Array.from({ length: N }, (_, row) => value(row)).flat();
const LABELS = {
  yaw: each((row) => 30 + 7 * Math.sin(row)),
  hat: each((row) => (row % 3 === 0 ? 1 : 0)),
  mood: each((row) => (row % 2 ? [1, 0] : [0, 1])),
  hair: each((row) => [row % 4 === 0 ? 1 : 0, row % 5 === 0 ? 1 : 0]),
};

describe('targets', () => {
  const data = manifest({ ...LABELS, yaw: LABELS.yaw.map((value, row) => (row === 7 ? NaN : value)) });
  const parts = partsOf(data, [YAW, HAT], 1);
  const targets = new Targets(data, [YAW, HAT], parts.train);
  const [yaw, hat] = [targets.tasks[0]!, targets.tasks[1]!];
  const filled = (task: typeof yaw, row: number, mirrored = false): number => {
    const out = new Float32Array(1);
    targets.fill(task, row, mirrored, out, 0);
    return out[0]!;
  };

  it('have values with mean 0 and variance 1 over the training rows, classes as they are', () => {
    const rows = [...targets.labelled(yaw, parts.train)].map((row) => filled(yaw, row));
    const mean = rows.reduce((sum, value) => sum + value, 0) / rows.length;
    expect(mean).toBeCloseTo(0, 5);
    expect(rows.reduce((sum, value) => sum + value ** 2, 0) / rows.length).toBeCloseTo(1, 5);
    expect([0, 1, 3].map((row) => filled(hat, row))).toEqual([1, 0, 1]);
  });

  it('of a mirrored image are mirrored in their units, not in the scale of training', () => {
    const unit = (value: number) => value * targets.deviation[0]! + targets.mean[0]!;
    expect(unit(filled(yaw, 3, true))).toBeCloseTo(-LABELS.yaw[3]!, 4);
  });

  it('that are missing are marked as such', () => {
    expect([yaw.labelled[7], yaw.labelled[8], hat.labelled[7]]).toEqual([0, 1, 1]);
  });
});

describe('the split', () => {
  it('of one task keeps subjects together; a task that tells them apart makes it go by image', () => {
    const groups = Int32Array.from({ length: N }, (_, row) => Math.floor(row / 6));
    const splitBy = { yaw: 'group', hat: 'group', mood: 'row' } as const;
    const data = manifest(LABELS, { groups, subject: 'person', splitBy });
    const together = partsOf(data, [YAW, HAT], 1);
    expect(together).toEqual(partsOf(data, [YAW], 1));
    expect(together.by).toBe('person');
    const parts = [together.train, together.validation, together.test].map(
      (rows) => new Set(rows.map((row) => groups[row]!)),
    );
    for (const person of parts[0]!) expect(parts[1]!.has(person) || parts[2]!.has(person)).toBe(false);
    expect(partsOf(data, [YAW, MOOD], 1).by).toBe('image');
  });
});

describe('data that allow no training', () => {
  const check = (specs: TaskSpec[], labels: Record<string, number[]>) => {
    const data = manifest(labels);
    const parts = partsOf(data, specs, 1);
    return checkData(new Targets(data, specs, parts.train), parts);
  };
  const only = (value: (row: number) => number) => each((row) => (row < 3 ? value(row) : NaN));

  it.each([
    ['one image', YAW, { yaw: each((row) => (row === 0 ? 1 : NaN)) }, /^1 labelled rows/],
    ['no image', YAW, { yaw: each(() => NaN) }, /^0 labelled rows/],
    [
      'one training image',
      YAW,
      { yaw: only((row) => row) },
      /^one image of the training part carries a label of "yaw"/,
    ],
    ['an empty class', HAT, { hat: each(() => 0) }, /^task "hat": no training image is labelled "hat"$/],
    ['an empty class', MOOD, { mood: each(() => [1, 0]) }, /^task "mood": no training image is labelled "glad"$/],
    [
      'no label that ever holds',
      HAIR,
      { hair: each(() => [0, 0]) },
      /^task "hair": no training image is labelled "beard"$/,
    ],
    ['a task without labels', YAW, {}, /^the data set has no labels of "yaw"$/],
  ])('%s: TRAINING_DATA', (_what, spec, labels, message) => {
    expect(() => check([spec], labels)).toThrowError(
      expect.objectContaining({ code: 'TRAINING_DATA', where: spec.name }),
    );
    expect(() => check([spec], labels)).toThrowError(message);
  });

  it('say so of a label that never holds among others that do', () => {
    expect(check([HAIR], { hair: each((row) => [row % 2, 0]) })).toEqual([
      'task "hair": no training image is labelled "bun"',
    ]);
    expect(check([YAW, HAT, MOOD, HAIR], LABELS)).toEqual([]);
  });
});

describe('the scale of answers', () => {
  const data = manifest(LABELS);
  const specs = [YAW, HAT, MOOD];
  const parts = partsOf(data, specs, 1);
  const targets = new Targets(data, specs, parts.train);
  const head = { weights: Float64Array.of(1, 2, 3, 4, -5, 6, 7, 8), bias: Float64Array.of(1, -2, 3, 4), features: 2 };

  it('is undone by unfolding', () => {
    const scale = unitScale(targets);
    const back = unfoldScale({ ...foldScale(head, scale), features: 2 }, scale);
    back.weights.forEach((value, i) => expect(value).toBeCloseTo(head.weights[i]!, 10));
    back.bias.forEach((value, i) => expect(value).toBeCloseTo(head.bias[i]!, 10));
  });

  it('of least squares keeps every decision: what was at the threshold has the logit 0', () => {
    const noisy = (row: number, truth: number) => 0.3 + 0.4 * truth + 0.35 * Math.sin(5 * row);
    const answers = Float64Array.from(parts.validation, (row) => row).reduce<number[]>((all, row) => {
      const mood = LABELS.mood.slice(2 * row, 2 * row + 2);
      return [...all, LABELS.yaw[row]!, noisy(row, LABELS.hat[row]!), ...mood.map((truth) => noisy(row + 1, truth))];
    }, []);
    const scale = leastSquaresScale(targets, Float64Array.from(answers), parts.validation);
    const column = (k: number) => Float64Array.from(parts.validation, (_, i) => answers[i * 4 + k]!);
    const truth = Float64Array.from(parts.validation, (row) => LABELS.hat[row]!);
    const thresholds = chooseThresholds(HAT, column(1), truth);
    const logits = column(1).map((score) => (score - scale.shift[1]!) / scale.scale[1]!);
    expect(scale.scale[1]).toBeGreaterThan(0);
    expect(judge(HAT, logits, truth, [0]).value).toBe(judge(HAT, column(1), truth, thresholds).value);
    expect(scale.scale[2]).toBe(scale.scale[3]);
  });
});

describe('the head that training starts from', () => {
  const data = manifest(LABELS);
  const parts = partsOf(data, [YAW], 1);
  const targets = new Targets(data, [YAW], parts.train);
  const rows = [...parts.train, ...parts.validation];
  const featuresOf = (value: (yaw: number, row: number) => number[]) =>
    Float32Array.from(rows.flatMap((row) => value(LABELS.yaw[row]!, row)));
  const wanted = (i: number) => (LABELS.yaw[rows[i]!]! - targets.mean[0]!) / targets.deviation[0]!;

  it('says what features tell plainly', () => {
    const features = featuresOf((yaw, row) => [yaw - 30, Math.cos(row)]);
    const { weights, bias } = startHead({ targets, parts, features, width: 2 });
    const said = (i: number) => weights[0]! * features[2 * i]! + weights[1]! * features[2 * i + 1]! + bias[0]!;
    for (let i = 0; i < rows.length; i++) expect(said(i)).toBeCloseTo(wanted(i), 1);
  });

  it('is the one that the network came with unless another is better on validation', () => {
    const features = featuresOf((yaw, row) => [yaw - 30, Math.cos(row)]);
    const data = { targets, parts, features, width: 2 };
    const exact = {
      weights: Float64Array.of(1 / targets.deviation[0]!, 0),
      bias: Float64Array.of((30 - targets.mean[0]!) / targets.deviation[0]!),
    };
    expect(startHead(data, exact)).toBe(exact);
    const bad = { weights: Float64Array.of(0, 50), bias: Float64Array.of(3) };
    expect(startHead(data, bad)).not.toBe(bad);
  });
});

describe('the head that training starts from, where a feature hardly varies beside its size', () => {
  const data = manifest(LABELS);
  const parts = partsOf(data, [YAW], 1);
  const targets = new Targets(data, [YAW], parts.train);
  const rows = [...parts.train, ...parts.validation];
  // The first tells all and spreads over a millionth of its size, the second tells nearly all and spreads as far as it is large.
  const features = Float32Array.from(
    rows.flatMap((row) => [1 + 1e-7 * LABELS.yaw[row]!, LABELS.yaw[row]! + 3 * Math.cos(7 * row)]),
  );
  const seen = { targets, parts, features, width: 2 };
  const magnified = ({ weights, bias }: { weights: Float64Array; bias: Float64Array }): number =>
    Math.abs(weights[0]!) + Math.abs(bias[0]!);

  it('does not magnify it until only rounding is seen', () => {
    expect(magnified(startHead(seen))).toBeLessThan(100);
  });

  it('is not a given one that does', () => {
    const slope = 1e7 / targets.deviation[0]!;
    const given = { weights: Float64Array.of(slope, 0), bias: Float64Array.of(-slope) };
    expect(magnified(startHead(seen, given))).toBeLessThan(100);
  });
});

describe('the loss', () => {
  const data = manifest(LABELS);
  const specs = [YAW, HAT, MOOD, HAIR];
  const { train } = partsOf(data, specs, 1);
  const targets = new Targets(data, specs, train);

  it('has a term for each task, on its own columns', () => {
    const terms = lossTerms(targets, train, 'answers', { labelSmoothing: 0, classWeights: 'none' });
    expect(terms.map(({ term }) => [term.kind, term.columns])).toEqual([
      ['squaredError', [0, 1]],
      ['binary', [1, 2]],
      ['categorical', [2, 4]],
      ['multilabel', [4, 6]],
    ]);
  });

  it('shares its weight with a teacher', () => {
    const settings = { labelSmoothing: 0, classWeights: 'none' } as const;
    const both = lossTerms(targets, train, 'answers', settings, { weight: 0.25, temperature: 2 });
    expect(both.map(({ term, taught }) => [taught, term.weight])).toEqual(
      specs.flatMap(() => [
        [false, 0.75],
        [true, 0.25],
      ]),
    );
    expect(lossTerms(targets, train, 'answers', settings, { weight: 1, temperature: 2 })).toHaveLength(specs.length);
  });

  it('with balanced classes counts each class alike, and the whole as before', () => {
    const hat = targets.tasks[1]!;
    const [[negative, positive] = [0, 0]] = balancedWeights(targets, hat, train)!.pairs;
    const ones = [...train].filter((row) => LABELS.hat[row] === 1).length;
    expect(positive * ones).toBeCloseTo(negative * (train.length - ones), 10);
    expect(positive * ones + negative * (train.length - ones)).toBeCloseTo(train.length, 10);
    const mood = balancedWeights(targets, targets.tasks[2]!, train)!.classes;
    const glad = [...train].filter((row) => LABELS.mood[2 * row + 1] === 1).length;
    expect(mood[1]! * glad).toBeCloseTo(mood[0]! * (train.length - glad), 10);
    expect(balancedWeights(targets, targets.tasks[0]!, train)).toBeUndefined();
  });
});

describe('labels of which an image has a part', () => {
  const specs = [HAIR];
  const LATER = N / 2;
  const known = (row: number): [number, number] => [LABELS.hair[2 * row]!, LABELS.hair[2 * row + 1]!];
  /** The later half of the images does not know its beards. */
  const half = each((row) => (row < LATER ? known(row) : [NaN, known(row)[1]]));
  const data = manifest({ hair: half });
  const parts = partsOf(data, specs, 1);
  const targets = new Targets(data, specs, parts.train);
  const [hair] = targets.tasks;

  it('weigh by their share, in a term that passes over the others', () => {
    expect([0, LATER].map((row) => targets.known(hair!, row))).toEqual([1, 0.5]);
    const [{ term }] = lossTerms(targets, parts.train, 'answers', { labelSmoothing: 0, classWeights: 'none' }) as [
      ReturnType<typeof lossTerms>[number],
    ];
    expect(term).toMatchObject({ kind: 'multilabel', partial: true });
    const early = parts.train.filter((row) => row < LATER);
    const beards = [...early].filter((row) => known(row)[0] === 1).length;
    const weights = balancedWeights(targets, hair!, parts.train)!;
    expect(weights.pairs[0]).toEqual([early.length / (2 * (early.length - beards)), early.length / (2 * beards)]);
  });

  it('have the loss of the labels that are known', () => {
    const rows = parts.validation;
    const given = Float64Array.from({ length: rows.length * 2 }, (_, i) => Math.sin(3 * i));
    const logistic = (z: number, y: number): number => Math.log1p(Math.exp(z)) - z * y;
    const losses = [...rows].flatMap((row, i) =>
      [0, 1].flatMap((k) => (k === 0 && row >= LATER ? [] : [logistic(given[2 * i + k]!, known(row)[k]!)])),
    );
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    expect(totalLoss(targets, given, rows)).toBeCloseTo(mean, 12);
  });

  it('start from the head that each label has on the images that carry it', () => {
    const rows = [...parts.train, ...parts.validation];
    const features = Float32Array.from(
      rows.flatMap((row) => [known(row)[0] + Math.sin(row), known(row)[1], Math.cos(row)]),
    );
    const seen = { targets, parts, features, width: 3 };
    const head = startHead(seen);
    expect(head.weights[4]).toBeGreaterThan(0);
    expect([...head.weights, ...head.bias].every(Number.isFinite)).toBe(true);
  });
});

describe('thresholds of logits', () => {
  const data = manifest(LABELS);
  const parts = partsOf(data, [HAT], 1);
  const targets = new Targets(data, [HAT], parts.train);
  const { validation, test } = parts;
  const isHat = (row: number) => LABELS.hat[row] === 1;
  // All far from where a logit is neutral, but two hats and one bare head between 0 and 0.5.
  const near = [...[...validation].filter(isHat).slice(0, 2), [...validation].find((row) => !isHat(row))!];
  const logit = (row: number): number => (near.includes(row) ? 0.3 : isHat(row) ? 2 : -2);
  const answers = Float32Array.from(validation, logit);

  it('are 0 unless validation says otherwise, in every figure of a training', () => {
    const [judged] = judgeTasks(targets, parts, { validation: answers, test: Float32Array.from(test, logit) });
    const right = 1 - 1 / validation.length;
    expect(judged).toMatchObject({ thresholds: [0], validation: right });
    expect(validationMetric(targets, answers, parts)).toBe(right);
    expect(fallOf([judged!], targets, answers, validation)).toBe(0);
  });

  it('are those of least squares where the network was never trained', () => {
    const asked = { validation: answers, test: Float32Array.from(test, logit) };
    const [judged] = judgeTasks(targets, parts, asked, undefined, 0.5);
    expect(judged).toMatchObject({ thresholds: [0.5], validation: 1 - 2 / validation.length });
    expect(fallOf([judged!], targets, answers, validation, 0.5)).toBe(0);
  });
});
