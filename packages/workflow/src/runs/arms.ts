import type { StepPlan } from '@kneepoint/platform';
import { describeGoal } from '../plan/goal.ts';
import type { PruneOptions } from '../plan/prune-options.ts';
import type { TrainedArm } from '../report-measured.ts';
import type { NetworkSource } from '../steps/finetune.ts';
import type { TrainingChoice } from '../training-choice.ts';
import type { TrainingMode } from '../training-settings.ts';
import { finetuneStep } from './finetune.ts';
import type { PruneRequest } from './prune.ts';

/** What all trainings of a comparison share, so that it is fair. */
export interface TrainingRequest extends Pick<PruneRequest, 'model' | 'dataset' | 'tasks' | 'settings'> {
  /** For every arm; what is left open is the default of the arm's mode. */
  readonly training?: TrainingChoice;
}

/**
 * How an arm is trained, whether it starts from the pruned network or from the one that was only truncated, and whether it learns from
 * the answers of the whole network finetuned as well.
 */
export const ARMS: Readonly<
  Record<TrainedArm, { readonly mode: TrainingMode; readonly from: 'pruned' | 'truncated'; readonly taught: boolean }>
> = {
  finetuned: { mode: 'whole', from: 'pruned', taught: true },
  scratch: { mode: 'scratch', from: 'pruned', taught: true },
  headOnly: { mode: 'head', from: 'truncated', taught: false },
  unpruned: { mode: 'whole', from: 'truncated', taught: false },
};

interface Place {
  readonly ref: string;
  readonly name: string;
  readonly dependsOn: readonly string[];
}

/** A training of the network that a step makes; `teacher` is a step that holds another network's answers. */
export function armStep(
  { model, dataset, tasks, settings, training }: TrainingRequest,
  arm: TrainedArm,
  place: Place,
  { key, teacher, epochs }: { readonly key: string; readonly teacher?: StepPlan | undefined; readonly epochs?: number },
): StepPlan {
  const network: NetworkSource = { step: { key, field: 'modelSha256' } };
  const { preprocess, name: modelName } = model;
  const { mode, taught } = ARMS[arm];
  const choice = epochs === undefined ? training : { ...training, epochs };
  const teaching = taught ? teacher : undefined;
  return finetuneStep(
    {
      ...{ network, modelName, preprocess, dataset, tasks, mode, settings, label: arm },
      ...(choice ? { training: choice } : {}),
      ...(teaching ? { distill: { answers: { key: teaching.key, field: 'answersSha256' } } } : {}),
    },
    { ...place, name: `train ${place.name}`, dependsOn: [...place.dependsOn, ...(teaching ? [teaching.ref] : [])] },
  );
}

/** A training that starts from a pruned network. */
export function prunedArm(
  request: TrainingRequest,
  arm: TrainedArm,
  option: PruneOptions,
  {
    pruning,
    teacher,
    epochs,
  }: { readonly pruning: StepPlan; readonly teacher?: StepPlan | undefined; readonly epochs?: number },
): StepPlan {
  const place = {
    ref: pruning.ref.replace(/^prune/, arm),
    name: `${arm} at ${describeGoal(option)}`,
    dependsOn: [pruning.ref],
  };
  return armStep(request, arm, place, { key: pruning.key, teacher, ...(epochs === undefined ? {} : { epochs }) });
}
