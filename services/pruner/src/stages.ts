import type { Manifest } from '@kneepoint/datasets';
import {
  bootstrap,
  breakDown,
  chooseThresholds,
  type Head,
  judge,
  linearScores,
  metricOf,
  shortened,
  rowAnswers,
  takeRows,
} from '@kneepoint/regression';
import {
  jointMetric,
  type MeasuredArm,
  type MeasuredOriginal,
  type MeasuredResult,
  type MeasuredTask,
  type NetworkFigures,
  type TaskStages,
} from '@kneepoint/workflow';
import { chanceOf, columnsOf } from './probe-data.ts';
import type { Repaired } from './repair.ts';
import type { HeadTask, StartingPoint } from './starting-point.ts';

/** Every task's metric before the cut, after it, healed, and with its head fitted again. */
export function taskStages(
  { tasks, head }: Pick<StartingPoint, 'tasks' | 'head'>,
  { answers, refits }: Pick<Repaired, 'answers' | 'refits'>,
): readonly TaskStages[] {
  const width = head.bias.length;
  return tasks.map((task, i): TaskStages => {
    const { spec, parts, probe } = task;
    return {
      task: spec.name,
      ...metricOf(spec),
      images: parts.test.length,
      chance: chanceOf(task, parts),
      probe: probe.metrics.test,
      pruned: testMetric(task, answers.cut, width),
      healed: testMetric(task, answers.healed, width),
      refit: refits[i]!.metrics.test,
    };
  });
}

/** On test, thresholds chosen on validation. */
function testMetric({ spec, labels, parts, from }: HeadTask, answers: Float64Array, width: number): number {
  const targets = spec.targets.length;
  const own = columnsOf(answers, width, from, targets);
  const of = (rows: Int32Array) => [takeRows(own, rows, targets), takeRows(labels, rows, targets)] as const;
  const thresholds = chooseThresholds(spec, ...of(parts.validation));
  return judge(spec, ...of(parts.test), thresholds).value;
}

/** The untouched network through the probes on its best layer. `features`: N × what the head reads of it. */
export function probedOriginal(
  start: Pick<StartingPoint, 'tasks' | 'dataset' | 'parts'>,
  features: Float32Array,
  stages: readonly TaskStages[],
): MeasuredOriginal {
  const probes = start.tasks.map(({ probe }) => probe);
  return judgedHeads(start, features, probes, stages);
}

/** The network as the pruning leaves it, as an arm of the comparison. */
export function refitArm(
  { tasks, dataset, parts }: Pick<StartingPoint, 'tasks' | 'dataset' | 'parts'>,
  stages: readonly TaskStages[],
  { passed, refits }: Pick<Repaired, 'passed' | 'refits'>,
  network: { readonly figures: NetworkFigures; readonly sha256: string },
): MeasuredArm {
  return {
    arm: 'refit',
    ...judgedHeads({ tasks, dataset, parts }, passed.features, refits, stages),
    ...network.figures,
    modelSha256: network.sha256,
    epochs: null,
    bestEpoch: null,
    seconds: null,
    imagesPerSecond: null,
    history: [],
  };
}

/** What heads on the same features give each task, and all of them together. */
function judgedHeads(
  { tasks, dataset, parts }: Pick<StartingPoint, 'tasks' | 'dataset' | 'parts'>,
  features: Float32Array,
  heads: readonly Head[],
  stages: readonly TaskStages[],
): MeasuredOriginal {
  const groups = parts.by === 'image' ? undefined : dataset.manifest.groups;
  const found = tasks.map((task, i) => judgedHead(task, features, heads[i]!, groups));
  const joint = (value: 'metric' | 'validation'): number =>
    jointMetric(found.map((task, i) => ({ value: task[value], scale: stages[i]! })));
  return {
    metric: joint('metric'),
    validation: joint('validation'),
    interval: found.length === 1 ? found[0]!.interval : null,
    tasks: found,
  };
}

function judgedHead(
  { spec, labels, parts: { test } }: HeadTask,
  features: Float32Array,
  { weights, bias, thresholds, metrics }: Head,
  groups: Manifest['groups'],
): MeasuredTask {
  const scores = linearScores(features, test, weights, bias);
  const truth = takeRows(labels, test, spec.targets.length);
  const { interval, draws } = bootstrap(spec, {
    ...{ scores, labels: truth, thresholds },
    groups: groups && test.map((row) => groups[row]!),
  });
  return {
    task: spec.name,
    metric: metrics.test,
    validation: metrics.validation,
    interval,
    draws: shortened(draws),
    thresholds,
    breakdown: breakDown(spec, scores, truth, thresholds),
    answers: rowAnswers(spec, { scores, labels: truth }, thresholds, test),
  };
}

/** What the data set calls the images whose answers are kept. */
export function namedImages(
  { tasks }: Pick<MeasuredOriginal, 'tasks'>,
  { images }: Pick<Manifest, 'images'>,
): NonNullable<MeasuredResult['images']> {
  const rows = [...new Set(tasks.flatMap(({ answers }) => answers?.rows ?? []))];
  return { rows, names: rows.map((row) => images[row]!) };
}
