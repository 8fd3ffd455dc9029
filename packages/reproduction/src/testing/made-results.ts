import { PROFILES } from '../profile.ts';
import type { ArmFigures, CellResult, CutFigures, CutResult, Reproduction } from '../results.ts';

const TASKS = ['identity', 'gender', 'head_pose', 'yaw', 'valence'] as const;
const ERRORS = new Set<string>(['yaw', 'valence']);
const WHOLE = 200_000;

/** Results as the paper would have them: every claim of it holds. */
export function madeResults(): Reproduction {
  const primaries = TASKS.slice(0, 3);
  const cuts = ['yaw', 'age', 'valence'].flatMap((task) =>
    [0.1, 0.01, 0.001].map((epsilon, i) => madeCut('vgg-identity', task, epsilon, 3_000 + 500 * i)),
  );
  return {
    ...{ version: '1', machine: 'a machine', profile: PROFILES.full, data: 'drawn faces', images: 5_000, tasks: TASKS },
    networks: primaries.map((task) => ({
      ...{ name: `vgg-${task}`, task, parameters: WHOLE, macs: 1e7 },
      own: { metric: 'ACCURACY', higherIsBetter: true, value: 0.9, chance: 0.3, seconds: 60 },
    })),
    wide: {
      ...{ name: 'vgg-wide-identity', task: 'identity', parameters: WHOLE, macs: 3e8 },
      own: { metric: 'ACCURACY', higherIsBetter: true, value: 0.95, chance: 0.3, seconds: 300 },
    },
    matrix: primaries.flatMap((from, row) => TASKS.map((task, column) => madeCell(from, task, row, column))),
    byLayer: ['conv11', 'conv12'].flatMap((layer, depth) =>
      primaries.map((task, i) => ({
        ...{ network: 'vgg-identity', task, layer, metric: 'ACCURACY', higherIsBetter: true, chance: 0.3 },
        value: 0.6 + (i === 1 ? -0.1 : 0.1) * depth,
      })),
    ),
    transfer: primaries.map((task) => ({
      ...{ network: 'vgg-identity', task, metric: 'ACCURACY', higherIsBetter: true },
      ...{ regression: 0.79, headOnly: 0.8, headSeconds: 1, onImages: { value: 0.79, seconds: 20 } },
    })),
    timing: {
      ...{ network: 'vgg-identity', tasks: primaries, images: 5_000, layers: 13 },
      ...{ regressionSeconds: 0.8, lastLayerSeconds: 0.05, headSeconds: 3, onImagesSeconds: 60 },
    },
    responses: {
      ...{ network: 'vgg-identity', layer: 'conv12', task: 'yaw' },
      bins: Array.from({ length: 9 }, (_, bin) => ({
        ...{ name: `${bin} to ${bin + 1}`, rows: 100 },
        mean: [0, 4, 8].map((peak) => 1 - Math.abs(bin - peak) / 9),
      })),
      explained: [0.5, 0.4, 0.3],
    },
    distribution: {
      ...{ network: 'vgg-identity', layer: 'conv12', filters: 16, epsilon: 0.01 },
      tasks: TASKS.map((task, i) => ({ task, kept: [i, i + 1, i + 2] })),
    },
    curves: (['yaw', 'valence'] as const).map((task, i) => ({
      ...{ network: 'vgg-identity', task, unit: null },
      layers: [
        {
          ...{ layer: 'conv12', filters: 16 },
          points: Array.from({ length: 17 }, (_, filters) => ({ filters, rmse: 30 - filters / (1 + i) })),
          knee: { epsilon: 0.01, filters: 4 + 10 * i, rmse: 12 },
        },
      ],
    })),
    cuts,
    small: primaries.map((task) => ({
      ...madeCut('vgg-wide-identity', task, null, 4_000),
      ...{ head: 0.85, finetuned: 0.89, throughput: { batch: 32, before: 600, after: 12_000 } },
    })),
    light: [madeCut('light-yaw', 'yaw', 0.01, 2_000)],
    agnostic: {
      network: 'vgg-identity',
      result: madeCut('vgg-identity', 'head_pose', 0.01, 4_000).result,
      tasks: [
        {
          ...{ task: 'head_pose', role: 'wanted', metric: 'accuracy', higherIsBetter: true },
          ...{ chance: 0.1, before: 0.8, after: 0.78 },
        },
        {
          ...{ task: 'identity', role: 'avoided', metric: 'accuracy', higherIsBetter: true },
          ...{ chance: 0.01, before: 0.5, after: 0.05 },
        },
      ],
    },
    rankings: [{ task: 'gender', finetuned: [], scores: [{ score: 'probe', rho: 0.9 }] }],
  };
}

/** Losses grow along the columns and, twice as fast, along the rows, so that they have a direction. */
function madeCell(from: string, task: string, row: number, column: number): CellResult {
  const error = ERRORS.has(task);
  const lost = from === task ? 0.02 : 0.05 + 0.06 * row + 0.02 * column;
  const value = error ? 10 * (1 + lost) : 0.9 * (1 - lost);
  return {
    ...{ network: `vgg-${from}`, task, layer: 'conv12', metric: error ? 'RMSE' : 'ACCURACY', higherIsBetter: !error },
    ...{ value, spread: 0.001, chance: error ? 30 : 0.3, reductionPercent: error ? null : 100 * lost },
    ...{ interval: { low: value - 0.02, high: value + 0.02 }, r2: 0.5, logMe: -1, hScore: 0.6 },
  };
}

/** A network with so many parameters left; better the more there are, best whole, worst from scratch. */
export function madeCut(network: string, task: string, epsilon: number | null, left: number): CutResult {
  const error = task === 'yaw' || task === 'valence';
  const of = (good: number): number => (error ? 30 - 20 * good : 0.3 + 0.6 * good);
  const size = (parameters: number): CutFigures['before'] => ({
    ...{ parameters, macs: parameters * 50, bytes: parameters * 4 },
    latencyMs: { p50: parameters / 1e5, p95: parameters / 9e4 },
  });
  const arm = (name: ArmFigures['arm'], good: number, parameters: number): ArmFigures => ({
    ...{ arm: name, metric: of(good), validation: of(good), ...size(parameters), epochs: 5, seconds: 10 },
  });
  return {
    network,
    result: {
      ...{ label: String(epsilon), task, epsilon, criterion: 'lasso', bestLayer: 'conv12' },
      metric: {
        ...{ name: error ? 'rmse' : 'accuracy', higherIsBetter: !error, chance: of(0), probe: of(0.7) },
        ...{ pruned: of(0.1), healed: of(0.4), refit: of(0.6) },
      },
      ...{ before: size(WHOLE), after: size(left), layers: [] },
      criteria: [{ criterion: 'damage', parameters: left, macs: left * 50, refit: of(0.5), finetuned: of(0.8) }],
      arms: [
        arm('refit', 0.6, left),
        arm('finetuned', epsilon === 0.1 ? 0.8 : 0.99, left),
        arm('scratch', 0.5, left),
        arm('unpruned', 1, WHOLE),
      ],
    },
  };
}
