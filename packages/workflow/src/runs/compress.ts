import type { WantedBatch } from '@kneepoint/onnx';
import type { StepPlan } from '@kneepoint/platform';
import { describeGoal, goalLabel } from '../plan/goal.ts';
import { type CriterionName, criterionOf, type PruneOptions } from '../plan/prune-options.ts';
import { TRAINED_ARMS, type TrainedArm } from '../report-measured.ts';
import { tasksName } from '../steps/analysed-tasks.ts';
import { QUANTIZE, type QuantizeInput, quantizeKey } from '../steps/quantize.ts';
import { REPORT, type ReportInput, reportKey, type ReportRival } from '../steps/report.ts';
import { TRUNCATE, type TruncateInput, truncateKey } from '../steps/truncate.ts';
import { ARMS, armStep, prunedArm, type TrainingRequest } from './arms.ts';
import { teachStep } from './finetune.ts';
import { planTaskAnalysis, pruneStep, type PruneRequest, type TaskAnalysisPlan } from './prune.ts';
import { needsRounds, planRounds, type RoundsPlan } from './rounds.ts';

export interface CompressRequest extends PruneRequest, TrainingRequest {
  /** What is trained beside the closed form; nothing when empty. */
  readonly arms: readonly TrainedArm[];
  /** Whether pruned networks learn from the whole one finetuned; it is trained for that where it is no arm. Default true. */
  readonly teacher?: boolean;
  /** Other criteria by which the network is cut at equal MACs, and trained on where it is. */
  readonly compare?: readonly CriterionName[];
  /** Networks that a search for a goal trains at most. */
  readonly mostRounds?: number;
  /** Of the files that are delivered, in place of the batch that the original declares. */
  readonly batch?: WantedBatch;
  /** Whether what is delivered is turned into whole numbers. */
  readonly quantize?: 'int8';
}

/**
 * Compression to its end: analysis; the whole network truncated and trained, once for all, and its answers as a teacher; per option the
 * network cut, in rounds from the trained one where a target or a goal says how far, and trained on; the same cut by other criteria
 * where a comparison is asked for; and one report with everything side by side, which delivers the network. Throws TRAINING_OPTION_INVALID.
 */
export function planCompress(request: CompressRequest): readonly StepPlan[] {
  const analysis = planTaskAnalysis(request);
  const arms = TRAINED_ARMS.filter((arm) => request.arms.includes(arm));
  const scene: Scene = { request, analysis, arms, shared: sharedTrainings(request, analysis, arms) };
  const perOption = request.options.flatMap((option) => optionSteps(scene, option));
  return withoutRepeats([...analysis.steps, ...scene.shared.steps, ...perOption]);
}

/** Targets on one way down share their first rounds. */
function withoutRepeats(steps: readonly StepPlan[]): readonly StepPlan[] {
  const first = new Map<string, StepPlan>();
  for (const step of steps) if (!first.has(step.key)) first.set(step.key, step);
  const refs = new Map(steps.map(({ ref, key }) => [ref, first.get(key)!.ref]));
  return [...first.values()].map((step) => ({
    ...step,
    dependsOn: [...new Set(step.dependsOn.map((ref) => refs.get(ref)!))],
  }));
}

/** What the steps of all options have in common. */
interface Scene {
  readonly request: CompressRequest;
  readonly analysis: TaskAnalysisPlan;
  readonly arms: readonly TrainedArm[];
  readonly shared: Shared;
}

/** Trainings that start from the network that was only truncated. */
interface Shared {
  readonly steps: readonly StepPlan[];
  readonly trainings: ReadonlyMap<TrainedArm, StepPlan>;
  /** The answers of the whole network finetuned. */
  readonly teacher?: StepPlan;
}

function sharedTrainings(request: CompressRequest, analysis: TaskAnalysisPlan, arms: readonly TrainedArm[]): Shared {
  const { options, teacher = true } = request;
  const taught = teacher && arms.some((arm) => ARMS[arm].taught);
  const inRounds = arms.includes('finetuned') && options.some(needsRounds);
  const wanted = TRAINED_ARMS.filter(
    (arm) => ARMS[arm].from === 'truncated' && (arms.includes(arm) || (arm === 'unpruned' && (taught || inRounds))),
  );
  if (wanted.length === 0) return { steps: [], trainings: new Map() };
  const { layer, pool } = options[0] ?? {};
  const input: TruncateInput = {
    ...analysis.tasks,
    ...(layer === undefined ? {} : { layer }),
    ...(pool === undefined ? {} : { pool }),
  };
  const truncation: StepPlan = {
    ref: 'truncate',
    kind: TRUNCATE.kind,
    service: TRUNCATE.service,
    timeoutSeconds: TRUNCATE.timeoutSeconds,
    name: `truncate for ${tasksName(request.tasks)}`,
    key: truncateKey(input),
    input,
    dependsOn: analysis.steps.map((step) => step.ref),
  };
  const trainings = new Map(
    wanted.map((arm) => [
      arm,
      armStep(request, arm, { ref: arm, name: arm, dependsOn: [truncation.ref] }, { key: truncation.key }),
    ]),
  );
  const whole = trainings.get('unpruned');
  const steps = [truncation, ...trainings.values()];
  if (!taught || !whole) return { steps, trainings };
  const answers = teachStep(
    {
      ...request,
      network: { step: { key: whole.key, field: 'modelSha256' } },
      modelName: request.model.name,
      preprocess: request.model.preprocess,
      mode: 'whole',
    },
    { ref: 'teach', dependsOn: [whole.ref], name: 'answers of the whole network' },
  );
  return { steps: [...steps, answers], trainings, teacher: answers };
}

function optionSteps(scene: Scene, option: PruneOptions): readonly StepPlan[] {
  const { request, arms, shared } = scene;
  const { teacher } = shared;
  const own = cutAndTrain(scene, option);
  const trainings = new Map([...shared.trainings].filter(([arm]) => arms.includes(arm) || arm === 'unpruned'));
  if (own.finetune) trainings.set('finetuned', own.finetune);
  const scratch = arms.includes('scratch')
    ? prunedArm(request, 'scratch', option, { pruning: own.prune, teacher })
    : null;
  if (scratch) trainings.set('scratch', scratch);
  const rivals = rivalsOf(scene, option, own);
  const whole = request.quantize ? quantizeStep(request, option, own, shared.trainings.get('unpruned')) : undefined;
  const report = reportStep(scene, { option, own, trainings, rivals, whole });
  return [...own.steps, ...(scratch ? [scratch] : []), ...rivals.steps, ...(whole ? [whole] : []), report];
}

/** The network of one option, with all that leads to it. */
interface CutAndTrained {
  readonly steps: readonly StepPlan[];
  readonly prune: StepPlan;
  /** Where it is trained on. */
  readonly finetune?: StepPlan;
  /** Where it was cut in rounds. */
  readonly plan?: RoundsPlan;
}

function cutAndTrain(
  { request, analysis, arms, shared }: Scene,
  option: PruneOptions,
  equalTo?: CutAndTrained,
): CutAndTrained {
  const { teacher, trainings } = shared;
  const avoided = equalTo ? [] : (request.avoided ?? []);
  // A rival's criterion stands in its label even where it is the default one, whose label another option may have.
  const label = equalTo ? rivalLabel(option) : goalLabel(option);
  if (!arms.includes('finetuned')) {
    const prune = pruneStep(option, avoided, analysis, { equalTo: equalTo?.prune, label });
    return { steps: [prune], prune };
  }
  // A rival is cut as what it is compared with.
  if (!(equalTo ? equalTo.plan : needsRounds(option))) {
    const prune = pruneStep(option, avoided, analysis, { equalTo: equalTo?.prune, label });
    const finetune = prunedArm(request, 'finetuned', option, { pruning: prune, teacher });
    return { steps: [prune, finetune], prune, finetune };
  }
  const whole = trainings.get('unpruned')!;
  const { mostRounds } = request;
  const plan = planRounds({
    ...request,
    ...{ analysis, option, whole, teacher, avoided, label },
    ...(mostRounds === undefined ? {} : { mostRounds }),
    ...(equalTo?.plan ? { equalTo: equalTo.plan } : {}),
  });
  return { steps: plan.steps, ...plan.rounds.at(-1)!, plan };
}

/** The network that would be delivered, in whole numbers. */
function quantizeStep(
  { model, dataset, tasks, settings }: CompressRequest,
  option: PruneOptions,
  { prune, finetune }: CutAndTrained,
  whole: StepPlan | undefined,
): StepPlan {
  const made = finetune ?? prune;
  const input: QuantizeInput = {
    network: { step: { key: made.key, field: 'modelSha256' } },
    preprocess: model.preprocess,
    datasetSha256: dataset.sha256,
    manifestSha256: dataset.manifestSha256,
    tasks,
    split: { seed: settings.seed },
    ...(option.keep && finetune && whole ? { keep: { goal: option.keep, whole: whole.key } } : {}),
    modelName: model.name,
  };
  return {
    ref: `quantize-${goalLabel(option)}`,
    kind: QUANTIZE.kind,
    service: QUANTIZE.service,
    timeoutSeconds: QUANTIZE.timeoutSeconds,
    name: `whole numbers at ${describeGoal(option)}`,
    key: quantizeKey(input),
    input,
    dependsOn: [made.ref],
  };
}

function rivalLabel({ criterion, ...goal }: PruneOptions): string {
  return `${goalLabel(goal)}-${criterion}`;
}

/** The networks that one is compared with, and where a report finds them. */
interface Rivals {
  readonly steps: readonly StepPlan[];
  readonly found: readonly ReportRival[];
}

/** The same cut by other criteria. Tasks are avoided by curves alone, so that rivals only share the cost. */
function rivalsOf(scene: Scene, option: PruneOptions, own: CutAndTrained): Rivals {
  const { avoid: _avoid, criterion: _own, ...goal } = option;
  const leading = criterionOf(option);
  const others = [...new Set(scene.request.compare ?? [])].filter((criterion) => criterion !== leading);
  const rivals = others.map((criterion) => ({ criterion, ...cutAndTrain(scene, { ...goal, criterion }, own) }));
  return {
    steps: rivals.flatMap(({ steps }) => steps),
    found: rivals.map(({ criterion, prune, finetune }) => ({
      criterion,
      pruneKey: prune.key,
      ...(finetune ? { finetuneKey: finetune.key } : {}),
    })),
  };
}

function reportStep(
  { request: { model, tasks, batch }, shared }: Scene,
  {
    option,
    own,
    trainings,
    rivals,
    whole: quantized,
  }: {
    readonly option: PruneOptions;
    readonly own: CutAndTrained;
    readonly trainings: ReadonlyMap<TrainedArm, StepPlan>;
    readonly rivals: Rivals;
    readonly whole: StepPlan | undefined;
  },
): StepPlan {
  const steps = TRAINED_ARMS.flatMap((arm) => {
    const step = trainings.get(arm);
    return step ? [{ arm, step }] : [];
  });
  const label = goalLabel(option);
  const whole = shared.trainings.get('unpruned');
  const input: ReportInput = {
    modelName: model.name,
    originalSha256: model.sha256,
    preprocess: model.preprocess,
    task: tasksName(tasks),
    tasks: tasks.map(({ name, unit }) => ({ name, ...(unit === undefined ? {} : { unit }) })),
    label,
    pruneKey: own.prune.key,
    arms: steps.map(({ arm, step }) => ({ arm, key: step.key })),
    ...(quantized ? { quantizeKey: quantized.key } : {}),
    ...(rivals.found.length === 0 ? {} : { rivals: rivals.found }),
    ...(own.plan && whole
      ? {
          rounds: {
            whole: whole.key,
            made: own.plan.rounds.map(({ prune, finetune }) => ({ prune: prune.key, finetune: finetune.key })),
          },
        }
      : {}),
    ...(option.keep ? { keep: option.keep } : {}),
    ...(batch === undefined ? {} : { batch }),
  };
  return {
    ref: `report-${label}`,
    kind: REPORT.kind,
    service: REPORT.service,
    timeoutSeconds: REPORT.timeoutSeconds,
    name: `report at ${describeGoal(option)}`,
    key: reportKey(input),
    input,
    dependsOn: [
      ...new Set([
        ...own.steps.map(({ ref }) => ref),
        ...steps.map(({ step }) => step.ref),
        ...rivals.steps.map((step) => step.ref),
        ...(quantized ? [quantized.ref] : []),
      ]),
    ],
  };
}
