import type { Manifest } from '@kneepoint/datasets';
import {
  bootstrapInterval,
  chooseThresholds,
  type Head,
  judge,
  linearScores,
  metricOf,
  takeRows,
} from '@kneepoint/regression';
import {
  type CompressionReport,
  jointMetric,
  type NetworkFigures,
  type ReportArmTask,
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

/** The network as the pruning leaves it, as an arm of the comparison. */
export function refitArm(
  { tasks, dataset, parts }: Pick<StartingPoint, 'tasks' | 'dataset' | 'parts'>,
  stages: readonly TaskStages[],
  { passed, refits }: Pick<Repaired, 'passed' | 'refits'>,
  network: { readonly figures: NetworkFigures; readonly sha256: string },
): CompressionReport['arms'][number] {
  const groups = parts.by === 'image' ? undefined : dataset.manifest.groups;
  const found = tasks.map((task, i): ReportArmTask => {
    const { metrics } = refits[i]!;
    const interval = intervalOf(task, passed.features, refits[i]!, groups);
    return { task: task.spec.name, metric: metrics.test, validation: metrics.validation, interval };
  });
  const joint = (value: 'metric' | 'validation'): number =>
    jointMetric(found.map((task, i) => ({ value: task[value], scale: stages[i]! })));
  return {
    arm: 'refit',
    metric: joint('metric'),
    validation: joint('validation'),
    interval: found.length === 1 ? found[0]!.interval : null,
    tasks: found,
    ...network.figures,
    modelSha256: network.sha256,
    epochs: null,
    bestEpoch: null,
    seconds: null,
    imagesPerSecond: null,
    history: [],
  };
}

function intervalOf(
  { spec, labels, parts: { test } }: HeadTask,
  features: Float32Array,
  { weights, bias, thresholds }: Head,
  groups: Manifest['groups'],
): ReportArmTask['interval'] {
  return bootstrapInterval(spec, {
    scores: linearScores(features, test, weights, bias),
    labels: takeRows(labels, test, spec.targets.length),
    thresholds,
    groups: groups && test.map((row) => groups[row]!),
  });
}
