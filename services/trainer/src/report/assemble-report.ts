import type { LayerShare } from '@kneepoint/runtime';
import {
  type CriterionName,
  type EpochRecord,
  type FinetuneOutput,
  jointMetric,
  jointStages,
  keepBound,
  type KeepGoal,
  keeps,
  keptShare,
  latencyFigures,
  type MeasuredArm,
  type MeasuredResult,
  type Measurement,
  type NetworkFigures,
  type QuantizeOutput,
  type ReportCriterion,
  type ReportKeep,
  type ReportRound,
  reportWarnings,
  type RoundHistory,
  shareLeft,
  type TaskStages,
  type TrainedArm,
} from '@kneepoint/workflow';
import { layerTimes } from './layer-times.ts';
import type { Measured } from './measure.task.ts';

export interface TrainedNetwork {
  readonly arm: TrainedArm;
  readonly output: FinetuneOutput;
}

/** The same network cut by another criterion. */
export interface RivalNetwork {
  readonly criterion: CriterionName;
  readonly report: MeasuredResult;
  readonly finetuned?: FinetuneOutput;
}

/** What a network is set beside, and how it came about. */
export interface Compared {
  /** What is delivered, in whole numbers. */
  readonly quantized?: QuantizeOutput | undefined;
  readonly rivals?: readonly RivalNetwork[];
  /** Where it was cut in rounds. */
  readonly rounds?: RoundHistory | undefined;
  /** The goal that was searched. */
  readonly keep?: KeepGoal | undefined;
}

/** Names under which the networks of a report are measured; an arm goes by its own. */
export const ORIGINAL = 'original';
export const REFIT = 'refit';
export const QUANTIZED_ARM = 'quantized';

/**
 * The pruning's report with every trained arm beside it, the same cut by other criteria, and the times of all networks out of one
 * measurement. What is delivered is the finetuned network where there is one, else the refitted one.
 */
export function assembleReport(
  report: MeasuredResult,
  trained: readonly TrainedNetwork[],
  measured: {
    readonly networks: Readonly<Record<string, Measured>>;
    /** Of the whole network and the delivered one, where a processor does the work. */
    readonly layers?: Readonly<Record<string, readonly LayerShare[]>>;
    readonly measured: Measurement;
    readonly notes?: readonly string[];
  },
  { quantized, rivals = [], rounds, keep }: Compared = {},
): MeasuredResult {
  const latencyOf = (name: string): NetworkFigures['latencyMs'] => {
    const { p50, p95 } = measured.networks[name]!.latencyMs;
    return { p50, p95 };
  };
  const bytesOf = (name: string): number => measured.networks[name]!.bytes;
  const arms = [
    ...report.arms.map((arm): MeasuredArm => ({ ...arm, latencyMs: latencyOf(REFIT), bytes: bytesOf(REFIT) })),
    ...trained.map(({ arm, output }) => trainedArm(arm, report.tasks, output, measured.networks[arm]!)),
  ];
  const finetuned = arms.find(({ arm }) => arm === 'finetuned');
  const whole =
    quantized &&
    quantizedArm(quantized, report.tasks, {
      ...measured.networks[QUANTIZED_ARM]!,
      // As many numbers and products as in float.
      ...{ parameters: (finetuned ?? report.after).parameters, macs: (finetuned ?? report.after).macs },
    });
  const { parameters, macs, bytes, latencyMs } = whole ??
    finetuned ?? {
      ...report.after,
      ...{ latencyMs: latencyOf(REFIT), bytes: bytesOf(REFIT) },
    };
  const tasks = finetuned
    ? report.tasks.map((stages, i): TaskStages => ({ ...stages, finetuned: finetuned.tasks[i]!.metric }))
    : report.tasks;
  const found: Omit<MeasuredResult, 'warnings'> = {
    ...report,
    metric: jointStages(tasks),
    tasks,
    before: { ...report.before, latencyMs: latencyOf(ORIGINAL), bytes: bytesOf(ORIGINAL) },
    after: { parameters, macs, bytes, latencyMs },
    target: reachedTarget(report, latencyOf(ORIGINAL), latencyMs),
    keep: keep && rounds ? keptOf(keep, rounds, quantized ?? finetunedOf(trained)) : null,
    rounds: rounds ? roundsOf(rounds, keep, trained) : [],
    arms: whole ? [...arms, whole] : arms,
    ...(quantized ? { quantisation: quantized.quantisation } : {}),
    criteria: rivals.length === 0 ? [] : criteriaOf(report, finetuned, rivals),
    ...layersTimed(measured, { before: ORIGINAL, after: whole ? QUANTIZED_ARM : finetuned ? 'finetuned' : REFIT }),
    measured: measured.measured,
  };
  const warnings = [
    ...reportWarnings(found),
    ...(measured.notes ?? []),
    ...trained.flatMap(notesOf),
    ...(quantized?.notes ?? []),
  ];
  return { ...found, warnings: [...new Set(warnings)] };
}

/** Where the time goes before and after; nothing where a card does the work. */
function layersTimed(
  {
    networks,
    layers = {},
  }: { readonly networks: Readonly<Record<string, Measured>> } & {
    readonly layers?: Readonly<Record<string, readonly LayerShare[]>>;
  },
  names: { readonly before: string; readonly after: string },
): Pick<MeasuredResult, 'layerTimes'> {
  const of = (name: string) => layerTimes(layers[name], networks[name]!.latencyMs.p50);
  const [before, after] = [of(names.before), of(names.after)];
  return before.length === 0 || after.length === 0 ? {} : { layerTimes: { before, after } };
}

/** A latency is measured again with all networks side by side; other targets are figures, which training does not change. */
function reachedTarget(
  { target }: MeasuredResult,
  before: NetworkFigures['latencyMs'],
  after: NetworkFigures['latencyMs'],
): MeasuredResult['target'] {
  if (target?.target.kind !== 'latency') return target;
  const timed = { before: target.before, after: target.planned };
  return { ...target, ...latencyFigures(target.target, { timed, whole: before.p50, left: after.p50 }) };
}

/** Every criterion at the MACs of this network, its own first. */
function criteriaOf(
  report: MeasuredResult,
  finetuned: MeasuredArm | undefined,
  rivals: readonly RivalNetwork[],
): readonly ReportCriterion[] {
  const { parameters, macs } = report.after;
  const own: ReportCriterion = {
    criterion: report.criterion,
    parameters,
    macs,
    refit: report.metric.refit,
    ...(finetuned ? { finetuned: finetuned.metric } : {}),
  };
  const others = rivals.map(({ criterion, report: rival, finetuned: output }): ReportCriterion => ({
    criterion,
    parameters: rival.after.parameters,
    macs: rival.after.macs,
    refit: rival.metric.refit,
    ...(output ? { finetuned: judged(report.tasks, output).metric } : {}),
  }));
  return [own, ...others];
}

function finetunedOf(trained: readonly TrainedNetwork[]): FinetuneOutput | undefined {
  return trained.find(({ arm }) => arm === 'finetuned')?.output;
}

/** What became of a goal in the network that is delivered. */
function keptOf(
  goal: KeepGoal,
  { whole }: RoundHistory,
  delivered: Pick<FinetuneOutput, 'tasks'> | undefined,
): ReportKeep | null {
  if (!delivered) return null;
  return {
    goal,
    met: keeps(goal, whole.tasks, delivered.tasks),
    tasks: whole.tasks.map((reference) => {
      const { validation, test } = delivered.tasks.find(({ task }) => task === reference.task)!;
      return {
        task: reference.task,
        whole: { validation: reference.validation, test: reference.test },
        bound: keepBound(goal, reference),
        ...{ validation, test },
      };
    }),
  };
}

/** Every network that was made on the way. */
function roundsOf(
  { whole, earlier }: RoundHistory,
  goal: KeepGoal | undefined,
  trained: readonly TrainedNetwork[],
): readonly ReportRound[] {
  const delivered = finetunedOf(trained)?.modelSha256;
  return earlier
    .filter(({ prune }) => prune.settled === undefined)
    .map(({ prune, finetune }) => {
      const { report } = prune;
      const { metric: test, validation } = judged(report.tasks, finetune);
      return {
        parameters: report.after.parameters,
        macs: report.after.macs,
        share: shareLeft(prune),
        ...{ validation, test },
        refit: report.metric.refit,
        kept: keptShare(whole.tasks, finetune.tasks),
        keeps: goal ? keeps(goal, whole.tasks, finetune.tasks) : null,
        epochs: finetune.epochs.filter(({ epoch }) => epoch > 0).length,
        seconds: finetune.seconds,
        modelSha256: finetune.declaredSha256 ?? finetune.modelSha256,
        delivered: finetune.modelSha256 === delivered,
      };
    });
}

function trainedArm(
  arm: TrainedArm,
  stages: readonly TaskStages[],
  output: FinetuneOutput,
  { parameters, macs, bytes, latencyMs: { p50, p95 } }: Measured,
): MeasuredArm {
  const { modelSha256, declaredSha256 = modelSha256, epochs, bestEpoch, seconds, imagesPerSecond } = output;
  return {
    arm,
    ...judged(stages, output),
    parameters,
    macs,
    bytes,
    latencyMs: { p50, p95 },
    modelSha256: declaredSha256,
    // Epoch 0 is the network before training.
    epochs: epochs.filter(({ epoch }) => epoch > 0).length,
    bestEpoch,
    seconds,
    imagesPerSecond,
    history: epochs.map(inOrder),
  };
}

function quantizedArm(
  { modelSha256, tasks, seconds }: QuantizeOutput,
  stages: readonly TaskStages[],
  { parameters, macs, bytes, latencyMs: { p50, p95 } }: Measured,
): MeasuredArm {
  return {
    arm: QUANTIZED_ARM,
    ...judged(stages, { tasks }),
    ...{ parameters, macs, bytes, latencyMs: { p50, p95 }, modelSha256 },
    ...{ epochs: null, bestEpoch: null, seconds, imagesPerSecond: null, history: [] },
  };
}

/** What a trained network gives each task, and all of them together. */
function judged(
  stages: readonly TaskStages[],
  output: Pick<FinetuneOutput, 'tasks'>,
): Pick<MeasuredArm, 'metric' | 'validation' | 'interval' | 'tasks'> {
  const tasks = stages.map(({ task }) => {
    const { test: metric, ...found } = output.tasks.find((one) => one.task === task)!;
    const { validation, interval, draws, thresholds, breakdown, answers } = found;
    return { task, metric, validation, interval, draws, thresholds, breakdown, ...(answers ? { answers } : {}) };
  });
  const joint = (value: 'metric' | 'validation'): number =>
    jointMetric(tasks.map((task, i) => ({ value: task[value], scale: stages[i]! })));
  const interval = tasks.length === 1 ? tasks[0]!.interval : null;
  return { metric: joint('metric'), validation: joint('validation'), interval, tasks };
}

/** A database gives members back in an order of its own; a report is for readers. */
function inOrder(record: EpochRecord): EpochRecord {
  const { epoch, loss, validationLoss, metric, learningRate, imagesPerSecond, seconds, restarts } = record;
  return {
    ...{ epoch, loss, validationLoss, metric, learningRate, imagesPerSecond, seconds },
    ...(restarts === undefined ? {} : { restarts }),
  };
}

function notesOf({ arm, output }: TrainedNetwork): readonly string[] {
  return output.notes.map((note) => `${arm}: ${note}`);
}
