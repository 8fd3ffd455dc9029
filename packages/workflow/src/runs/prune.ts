import type { Config, StepPlan } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import type { DatasetReference } from '../dataset.ts';
import type { ModelReference } from '../model.ts';
import { multipleOf } from '../plan/choose-plan.ts';
import { describeGoal, goalLabel } from '../plan/goal.ts';
import { normaliseOptions, type PruneOptions } from '../plan/prune-options.ts';
import { type AnalysedTasks, tasksName } from '../steps/analysed-tasks.ts';
import { PRUNE, type PruneInput, pruneKey } from '../steps/prune.ts';
import type { Round } from '../rounds/round.ts';
import type { RegressionSettings } from '../steps/regress.ts';
import { planAnalysis } from './analysis.ts';

export interface PruneRequest {
  readonly model: ModelReference;
  readonly dataset: DatasetReference;
  /** What the network is for: one task, or several in one head. */
  readonly tasks: readonly TaskSpec[];
  /** What `avoid` of an option may name. */
  readonly avoided?: readonly TaskSpec[];
  readonly settings: RegressionSettings;
  /** What networks run on here. Default cpu. */
  readonly provider?: Config['provider'];
  /** One pruned network for each. */
  readonly options: readonly PruneOptions[];
}

/**
 * The analysis that pruning reads, then one pruning per option. What was analysed before costs nothing here: extraction is found
 * by its keys, and a layer that was fitted for a task among others by its layer-task key.
 */
export function planPrune(request: PruneRequest): readonly StepPlan[] {
  const analysis = planTaskAnalysis(request);
  return [...analysis.steps, ...pruneSteps(request, analysis)];
}

export interface TaskAnalysisPlan {
  readonly steps: readonly StepPlan[];
  /** Where a cut finds what the analysis left. */
  readonly tasks: AnalysedTasks;
  /** What cuts are planned for. */
  readonly provider: Config['provider'];
}

/** The analysis of the tasks, and the references by which a cut for them is asked for. */
export function planTaskAnalysis(request: PruneRequest): TaskAnalysisPlan {
  const { model, dataset, tasks, avoided = [], settings, provider = 'cpu' } = request;
  const { steps, extractKeys, regressKeys } = planAnalysis({
    ...{ model, dataset, settings },
    tasks: [...tasks, ...avoided],
  });
  return {
    ...{ steps, provider },
    tasks: {
      modelSha256: model.sha256,
      modelName: model.name,
      preprocess: model.preprocess,
      datasetSha256: dataset.sha256,
      manifestSha256: dataset.manifestSha256,
      taps: model.inspection.taps,
      tasks,
      settings,
      extractKeys,
      regressKeys,
    },
  };
}

/** One pruning for each option, behind the analysis. */
export function pruneSteps(
  { options, avoided = [] }: Pick<PruneRequest, 'options' | 'avoided'>,
  analysis: TaskAnalysisPlan,
): readonly StepPlan[] {
  return options.map((option) => pruneStep(option, avoided, analysis));
}

/** What a pruning depends on beside the analysis. */
export interface PruneDependencies {
  /** Another pruning, whose MACs this one shares. */
  readonly equalTo?: StepPlan | undefined;
  /** Where it cuts a network that was trained for the tasks. */
  readonly round?: Round | undefined;
  /** Tells it apart from others of the run; that of its goal when absent. */
  readonly label?: string;
}

/** One pruning. */
export function pruneStep(
  option: PruneOptions,
  avoided: readonly TaskSpec[],
  analysis: TaskAnalysisPlan,
  { equalTo, round, label }: PruneDependencies = {},
): StepPlan {
  const options = normaliseOptions(option);
  const unwanted = avoided.filter(({ name }) => options.avoid?.tasks.includes(name));
  const input: PruneInput = {
    ...analysis.tasks,
    options,
    ...(unwanted.length === 0 ? {} : { avoided: unwanted }),
    ...(equalTo ? { equalTo: equalTo.key } : {}),
    ...(round ? { round } : {}),
    ...plannedFor(options, analysis.provider),
  };
  return {
    ref: `prune-${label ?? goalLabel(options)}`,
    kind: PRUNE.kind,
    service: PRUNE.service,
    timeoutSeconds: PRUNE.timeoutSeconds,
    name: `prune for ${tasksName(input.tasks)} at ${describeGoal(options)}`,
    key: pruneKey(input),
    input,
    dependsOn: [...analysis.steps.map((step) => step.ref), ...(equalTo ? [equalTo.ref] : [])],
  };
}

/** The provider where widths follow from it, by their multiple or by what was timed: what was planned for another one is another result. */
function plannedFor(options: PruneOptions, provider: Config['provider']): Pick<PruneInput, 'provider'> {
  if (provider === 'cpu') return {};
  const decides = options.target?.kind === 'latency' || multipleOf({ options, provider }) !== multipleOf({ options });
  return decides ? { provider } : {};
}
