import type { StepPlan } from '@kneepoint/platform';
import { TRAINED_ARMS, type TrainedArm } from '../report.ts';
import type { NetworkSource } from '../steps/finetune.ts';
import { REPORT, type ReportInput, reportKey } from '../steps/report.ts';
import { TRUNCATE, type TruncateInput, truncateKey } from '../steps/truncate.ts';
import type { TrainingChoice } from '../training-choice.ts';
import type { TrainingMode } from '../training-settings.ts';
import { finetuneStep } from './finetune.ts';
import { planTaskAnalysis, type PruneRequest, pruneSteps, type TaskAnalysisPlan } from './prune.ts';

export interface CompressRequest extends PruneRequest {
  /** What is trained beside the closed form; nothing when empty. */
  readonly arms: readonly TrainedArm[];
  /** For every arm; what is left open is the default of the arm's mode. */
  readonly training?: TrainingChoice;
}

/** How an arm is trained, and whether it starts from the pruned network or from the one that was only truncated. */
const ARMS: Readonly<Record<TrainedArm, { readonly mode: TrainingMode; readonly from: 'pruned' | 'truncated' }>> = {
  finetuned: { mode: 'whole', from: 'pruned' },
  scratch: { mode: 'scratch', from: 'pruned' },
  headOnly: { mode: 'head', from: 'truncated' },
  unpruned: { mode: 'whole', from: 'truncated' },
};

/**
 * Compression to its end: analysis; per ε a pruning and the trainings that start from it; once for all ε the trainings that start
 * from the whole network; per ε one report with all arms side by side. Without arms it ends with the prunings, whose reports are
 * whole. Throws TRAINING_OPTION_INVALID.
 */
export function planCompress(request: CompressRequest): readonly StepPlan[] {
  const analysis = planTaskAnalysis(request);
  const prunings = pruneSteps(request, analysis);
  const arms = TRAINED_ARMS.filter((arm) => request.arms.includes(arm));
  const shared = sharedTrainings(request, analysis, arms);
  const steps = [...analysis.steps, ...prunings, ...shared.steps];
  if (arms.length === 0) return steps;
  const perEpsilon = prunings.flatMap((pruning, index) => {
    const { epsilon } = request.options[index]!;
    const trainings = new Map(shared.trainings);
    for (const arm of arms.filter((name) => ARMS[name].from === 'pruned')) {
      const place = { ref: `${arm}-${epsilon}`, name: `${arm} at ε = ${epsilon}`, dependsOn: [pruning.ref] };
      trainings.set(arm, armStep(request, arm, place, pruning.key));
    }
    const own = [...trainings.values()].filter((step) => !shared.steps.includes(step));
    return [...own, reportStep(request, { epsilon, pruning, trainings, arms })];
  });
  return [...steps, ...perEpsilon];
}

/** The network that was only truncated, once, and what is trained from it. */
function sharedTrainings(
  request: CompressRequest,
  analysis: TaskAnalysisPlan,
  arms: readonly TrainedArm[],
): { readonly steps: readonly StepPlan[]; readonly trainings: ReadonlyMap<TrainedArm, StepPlan> } {
  const wanted = arms.filter((arm) => ARMS[arm].from === 'truncated');
  if (wanted.length === 0) return { steps: [], trainings: new Map() };
  const layer = request.options[0]?.layer;
  const input: TruncateInput = { ...analysis.task, ...(layer === undefined ? {} : { layer }) };
  const truncation: StepPlan = {
    ref: 'truncate',
    kind: TRUNCATE.kind,
    service: TRUNCATE.service,
    name: `truncate for ${request.task.name}`,
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

function armStep(
  { model, dataset, task, settings, training }: CompressRequest,
  arm: TrainedArm,
  place: { readonly ref: string; readonly name: string; readonly dependsOn: readonly string[] },
  key: string,
): StepPlan {
  const network: NetworkSource = { step: { key, field: 'modelSha256' } };
  const { preprocess, name: modelName } = model;
  const { mode } = ARMS[arm];
  return finetuneStep(
    {
      ...{ network, modelName, preprocess, dataset, tasks: [task], mode, settings, label: arm },
      ...(training ? { training } : {}),
    },
    { ...place, name: `train ${place.name}` },
  );
}

function reportStep(
  { model, task }: CompressRequest,
  {
    epsilon,
    pruning,
    trainings,
    arms,
  }: {
    readonly epsilon: number;
    readonly pruning: StepPlan;
    readonly trainings: ReadonlyMap<TrainedArm, StepPlan>;
    readonly arms: readonly TrainedArm[];
  },
): StepPlan {
  const steps = arms.map((arm) => ({ arm, step: trainings.get(arm)! }));
  const input: ReportInput = {
    modelName: model.name,
    originalSha256: model.sha256,
    task: task.name,
    epsilon,
    pruneKey: pruning.key,
    arms: steps.map(({ arm, step }) => ({ arm, key: step.key })),
  };
  return {
    ref: `report-${epsilon}`,
    kind: REPORT.kind,
    service: REPORT.service,
    name: `report at ε = ${epsilon}`,
    key: reportKey(input),
    input,
    dependsOn: [pruning.ref, ...steps.map(({ step }) => step.ref)],
  };
}
