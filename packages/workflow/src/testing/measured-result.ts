import type { Breakdown } from '@kneepoint/regression';
import type { MeasuredArm, MeasuredResult, MeasuredTask } from '../report-measured.ts';

/** Of 20 images, 10 of each class, so many right. */
function breakdown(right: number): Breakdown {
  const [first, second] = [Math.ceil(right / 2), Math.floor(right / 2)];
  const figures = (hits: number, answered: number) => ({
    precision: answered === 0 ? null : hits / answered,
    recall: hits / 10,
    f1: (2 * hits) / (10 + answered),
  });
  return {
    classes: [
      { name: 'female', rows: 10, ...figures(first, first + 10 - second) },
      { name: 'male', rows: 10, ...figures(second, second + 10 - first) },
    ],
    confusion: [
      [first, 10 - first],
      [10 - second, second],
    ],
    residuals: [],
  };
}

function judged(
  right: number,
  thresholds: readonly number[],
): Pick<MeasuredArm, 'metric' | 'validation' | 'interval' | 'tasks'> {
  const metric = right / 20;
  const interval = { low: metric - 0.1, high: Math.min(1, metric + 0.1), standardError: 0.05, drawn: 'image' } as const;
  const task: MeasuredTask = {
    task: 'gender',
    metric,
    validation: metric,
    interval,
    // Networks that answer otherwise err on other draws.
    draws: [0, 1, 2, 3].map((draw) => metric + (((draw >> (right % 2)) & 1) === 0 ? 0.05 : -0.05)),
    thresholds,
    breakdown: breakdown(right),
  };
  return { metric, validation: metric, interval, tasks: [task] };
}

const WHOLE = { parameters: 1000, macs: 100_000, bytes: 4000, latencyMs: { p50: 2, p95: 2.2 } };
const SMALL = { parameters: 100, macs: 10_000, bytes: 500, latencyMs: { p50: 1, p95: 1.1 } };

/** An arm of the fixture. `right`: of 20 test images. */
export function measuredArm(arm: MeasuredArm['arm'], right: number): MeasuredArm {
  const trained = arm !== 'refit';
  return {
    arm,
    ...judged(right, trained ? [0] : [0.5]),
    ...(arm === 'unpruned' || arm === 'headOnly' ? WHOLE : SMALL),
    modelSha256: 'e'.repeat(64),
    epochs: trained ? 1 : null,
    bestEpoch: trained ? 1 : null,
    seconds: trained ? 2 : null,
    imagesPerSecond: trained ? 60 : null,
    history: trained
      ? [0, 1].map((epoch) => ({
          ...{ epoch, loss: epoch === 0 ? null : 0.5, validationLoss: 0.6, metric: right / 20 },
          ...{ learningRate: 0.001, imagesPerSecond: 60, seconds: 1 },
        }))
      : [],
  };
}

const FIGURES = {
  maxAbsDiff: 1e-7,
  maxRelDiff: 1e-7,
  byDefault: 1e-7,
  rounding: null,
  inputDependence: 1,
  relativeDependence: 0.5,
  diffOverDependence: 1e-7,
};
const GATE = { passed: true, detail: 'as it should be' };

/** A measured compression of a network that tells two classes apart: refitted 15 of 20 right, finetuned 18, the whole one 19. */
export function measuredResult(overrides: Partial<MeasuredResult> = {}): MeasuredResult {
  const stages = {
    ...{ name: 'accuracy', higherIsBetter: true, chance: 0.5, probe: 0.8, pruned: 0.6, healed: 0.7, refit: 0.75 },
    finetuned: 0.9,
  };
  return {
    measured: {
      run: Buffer.from('Run:1').toString('base64url'),
      at: '2026-01-02T03:04:05.000Z',
      provider: 'cpu',
      machine: {
        ...{
          cpu: 'a processor',
          cores: 2,
          memoryBytes: 8e9,
          platform: 'linux x64',
          node: '20.20.2',
          onnxruntime: '1.2.3',
        },
      },
    },
    task: 'gender',
    epsilon: 0.01,
    target: null,
    criterion: 'lasso',
    decide: 'union',
    widths: null,
    damageBy: null,
    bestLayer: 'conv2',
    pool: 1,
    metric: stages,
    tasks: [{ task: 'gender', images: 20, ...stages }],
    original: judged(16, [0.4]),
    before: WHOLE,
    after: SMALL,
    layers: [
      {
        ...{ name: 'conv1', filters: 4, kept: 2, lambda: 0.1, chosen: 2, indices: [0, 3] },
        ...{ parametersBefore: 900, parametersAfter: 50, macsBefore: 90_000, macsAfter: 5000 },
        ...{ reason: null, frozenBy: null, damage: null, note: null },
        healing: { before: 0.3, after: 0.1, ridge: 0.01, note: null },
      },
    ],
    proof: {
      ...FIGURES,
      ...{ passed: true, undecided: false, tolerance: 1e-5, he: FIGURES },
      negativeControl: { applicable: true, leftOutClass: 0, diff: 0.2, detected: true },
      ...{ overChannels: [], meaning: [] },
      gates: { own: GATE, he: GATE, default: GATE, dependence: GATE, control: GATE },
    },
    split: { by: 'image', train: 60, validation: 20, test: 20, shared: true },
    keep: null,
    rounds: [],
    arms: [measuredArm('refit', 15), measuredArm('finetuned', 18), measuredArm('unpruned', 19)],
    criteria: [],
    avoidance: null,
    warnings: [],
    ...overrides,
  };
}
