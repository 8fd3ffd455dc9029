import type { StepPlan } from '@kneepoint/platform';
import { describeGoal, goalLabel } from '../plan/goal.ts';
import type { CriterionName, PruneOptions } from '../plan/prune-options.ts';
import { TRAINED_ARMS, type TrainedArm } from '../report.ts';
import { tasksName } from '../steps/analysed-tasks.ts';
import type { NetworkSource } from '../steps/finetune.ts';
import { REPORT, type ReportInput, reportKey, type ReportRival } from '../steps/report.ts';
import { TRUNCATE, type TruncateInput, truncateKey } from '../steps/truncate.ts';
import type { TrainingChoice } from '../training-choice.ts';
import type { TrainingMode } from '../training-settings.ts';
import { finetuneStep } from './finetune.ts';
import { planTaskAnalysis, pruneStep, type PruneRequest, pruneSteps, type TaskAnalysisPlan } from './prune.ts';

export interface CompressRequest extends PruneRequest {
  /** What is trained beside the closed form; nothing when empty. */
  readonly arms: readonly TrainedArm[];
  /** For every arm; what is left open is the default of the arm's mode. */
  readonly training?: TrainingChoice;
  /** Other criteria by which the network is cut at equal MACs, and trained on where it is. */
  readonly compare?: readonly CriterionName[];
}

/** How an arm is trained, and whether it starts from the pruned network or from the one that was only truncated. */
const ARMS: Readonly<Record<TrainedArm, { readonly mode: TrainingMode; readonly from: 'pruned' | 'truncated' }>> = {
  finetuned: { mode: 'whole', from: 'pruned' },
  scratch: { mode: 'scratch', from: 'pruned' },
  headOnly: { mode: 'head', from: 'truncated' },
  unpruned: { mode: 'whole', from: 'truncated' },
};

/**
 * Compression to its end: analysis; per option a pruning and the trainings that start from it; once for all the trainings that start
 * from the whole network; per option the same cut by other criteria where a comparison is asked for; and one report with everything side
 * by side. With nothing to compare it ends with the prunings, whose reports are whole. Throws TRAINING_OPTION_INVALID.
 */
export function planCompress(request: CompressRequest): readonly StepPlan[] {
  const analysis = planTaskAnalysis(request);
  const prunings = pruneSteps(request, analysis);
  const arms = TRAINED_ARMS.filter((arm) => request.arms.includes(arm));
  const shared = sharedTrainings(request, analysis, arms);
  const steps = [...analysis.steps, ...prunings, ...shared.steps];
  if (arms.length === 0 && (request.compare ?? []).length === 0) return steps;
  const perOption = prunings.flatMap((pruning, index) => {
    const option = request.options[index]!;
    const trainings = new Map(shared.trainings);
    for (const arm of arms.filter((name) => ARMS[name].from === 'pruned')) {
      trainings.set(arm, prunedArm(request, arm, option, pruning));
    }
    const own = [...trainings.values()].filter((step) => !shared.steps.includes(step));
    const rivals = rivalsOf(request, analysis, { option, pruning, finetuned: arms.includes('finetuned') });
    return [...own, ...rivals.steps, reportStep(request, { option, pruning, trainings, arms, rivals })];
  });
  return [...steps, ...perOption];
}

/** The network that was only truncated, once, and what is trained from it. */
function sharedTrainings(
  request: CompressRequest,
  analysis: TaskAnalysisPlan,
  arms: readonly TrainedArm[],
): { readonly steps: readonly StepPlan[]; readonly trainings: ReadonlyMap<TrainedArm, StepPlan> } {
  const wanted = arms.filter((arm) => ARMS[arm].from === 'truncated');
  if (wanted.length === 0) return { steps: [], trainings: new Map() };
  const { layer, pool } = request.options[0] ?? {};
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
      armStep(request, arm, { ref: arm, name: arm, dependsOn: [truncation.ref] }, truncation.key),
    ]),
  );
  return { steps: [truncation, ...trainings.values()], trainings };
}

/** The networks that one is compared with, and where a report finds them. */
interface Rivals {
  readonly steps: readonly StepPlan[];
  readonly found: readonly ReportRival[];
}

/** The same cut by other criteria. Tasks are avoided by curves alone, so that rivals only share the cost. */
function rivalsOf(
  request: CompressRequest,
  analysis: TaskAnalysisPlan,
  {
    option,
    pruning,
    finetuned,
  }: { readonly option: PruneOptions; readonly pruning: StepPlan; readonly finetuned: boolean },
): Rivals {
  const { avoid: _avoid, criterion: own = 'lasso', ...goal } = option;
  const others = [...new Set(request.compare ?? [])].filter((criterion) => criterion !== own);
  const rivals = others.map((criterion) => {
    const rival: PruneOptions = { ...goal, criterion };
    const cut = pruneStep(rival, [], analysis, pruning);
    // Lasso as a rival has the label of its goal, which is taken when another criterion leads.
    const step = criterion === 'lasso' ? { ...cut, ref: `${cut.ref}-lasso`, name: `${cut.name}, by lasso` } : cut;
    const training = finetuned ? prunedArm(request, 'finetuned', rival, step) : undefined;
    return { criterion, step, training };
  });
  return {
    steps: rivals.flatMap(({ step, training }) => (training ? [step, training] : [step])),
    found: rivals.map(({ criterion, step, training }) => ({
      criterion,
      pruneKey: step.key,
      ...(training ? { finetuneKey: training.key } : {}),
    })),
  };
}

/** A training that starts from a pruned network. */
function prunedArm(request: CompressRequest, arm: TrainedArm, option: PruneOptions, pruning: StepPlan): StepPlan {
  const place = {
    ref: pruning.ref.replace(/^prune/, arm),
    name: `${arm} at ${describeGoal(option)}`,
    dependsOn: [pruning.ref],
  };
  return armStep(request, arm, place, pruning.key);
}

function armStep(
  { model, dataset, tasks, settings, training }: CompressRequest,
  arm: TrainedArm,
  place: { readonly ref: string; readonly name: string; readonly dependsOn: readonly string[] },
  key: string,
): StepPlan {
  const network: NetworkSource = { step: { key, field: 'modelSha256' } };
  const { preprocess, name: modelName } = model;
  const { mode } = ARMS[arm];
  return finetuneStep(
    {
      ...{ network, modelName, preprocess, dataset, tasks, mode, settings, label: arm },
      ...(training ? { training } : {}),
    },
    { ...place, name: `train ${place.name}` },
  );
}

function reportStep(
  { model, tasks }: CompressRequest,
  {
    option,
    pruning,
    trainings,
    arms,
    rivals,
  }: {
    readonly option: PruneOptions;
    readonly pruning: StepPlan;
    readonly trainings: ReadonlyMap<TrainedArm, StepPlan>;
    readonly arms: readonly TrainedArm[];
    readonly rivals: Rivals;
  },
): StepPlan {
  const steps = arms.map((arm) => ({ arm, step: trainings.get(arm)! }));
  const label = goalLabel(option);
  const input: ReportInput = {
    modelName: model.name,
    originalSha256: model.sha256,
    task: tasksName(tasks),
    label,
    pruneKey: pruning.key,
    arms: steps.map(({ arm, step }) => ({ arm, key: step.key })),
    ...(rivals.found.length === 0 ? {} : { rivals: rivals.found }),
  };
  return {
    ref: `report-${label}`,
    kind: REPORT.kind,
    service: REPORT.service,
    timeoutSeconds: REPORT.timeoutSeconds,
    name: `report at ${describeGoal(option)}`,
    key: reportKey(input),
    input,
    dependsOn: [pruning.ref, ...steps.map(({ step }) => step.ref), ...rivals.steps.map((step) => step.ref)],
  };
}
