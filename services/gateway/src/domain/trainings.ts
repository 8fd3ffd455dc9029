import { metricOf } from '@kneepoint/regression';
import type { EpochRecord, FinetuneInput, FinetuneOutput, FinetunePosition } from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { Run } from '../schema/run.ts';
import type { Training } from '../schema/training.ts';
import { artifactOf } from './artifacts.ts';
import { pageOf } from './list-pages.ts';
import type { Page, PageRequest } from './pages.ts';
import { type Soon, toFailure } from './runs.ts';

/** The trainings of a run: what they made, or, while they run, what their last checkpoint says. */
export function trainingsOf(context: Context, run: Run, page: PageRequest): Soon<Page<Training>> {
  return pageOf(context.loaders.trainings, { id: run.rowId }, page, async (step): Promise<Training> => {
    const input = step.input as FinetuneInput;
    const common = {
      label: input.label,
      name: step.name,
      tasks: input.tasks.map((task) => task.name),
      mode: input.mode,
      metricName: metricName(input.tasks),
      state: step.state,
      reused: step.reused,
      epochsPlanned: input.settings.epochs,
      failure: toFailure(step.failure),
    };
    return step.state === 'SUCCEEDED'
      ? { ...common, ...(await finished(context, input, step.output as FinetuneOutput)) }
      : { ...common, ...(await underWay(context, step)) };
  });
}

type State = Omit<
  Training,
  'label' | 'name' | 'tasks' | 'mode' | 'metricName' | 'state' | 'reused' | 'epochsPlanned' | 'failure'
>;

async function finished({ loaders }: Context, input: FinetuneInput, output: FinetuneOutput): Promise<State> {
  const {
    modelSha256,
    declaredSha256 = modelSha256,
    tasks,
    bestEpoch,
    epochs,
    stoppedEarly,
    seconds,
    imagesPerSecond,
    provider,
    notes,
  } = output;
  return {
    epochs,
    bestEpoch,
    metric: metricAt(epochs, bestEpoch),
    etaSeconds: null,
    stoppedEarly,
    seconds,
    imagesPerSecond,
    provider,
    results: tasks,
    notes,
    model: await artifactOf(
      loaders,
      declaredSha256,
      `${input.modelName}-${tasks.map(({ task }) => task).join('-')}-${input.label}.onnx`,
    ),
  };
}

async function underWay(
  { loaders }: Context,
  { key, etaSeconds }: { readonly key: string; readonly etaSeconds: number | null },
): Promise<State> {
  const checkpoint = await loaders.checkpoints.load(key);
  const { epochs = [], best = null } = (checkpoint?.position ?? {}) as unknown as Partial<FinetunePosition>;
  return {
    epochs,
    bestEpoch: best?.epoch ?? null,
    metric: best?.metric ?? null,
    etaSeconds,
    stoppedEarly: null,
    seconds: null,
    imagesPerSecond: epochs.at(-1)?.imagesPerSecond ?? null,
    provider: null,
    results: [],
    notes: [],
    model: null,
  };
}

function metricName(tasks: FinetuneInput['tasks']): string {
  const [first, ...others] = tasks;
  return first && others.length === 0 ? metricOf(first).name : 'score';
}

function metricAt(epochs: readonly EpochRecord[], best: number): number | null {
  return epochs.find(({ epoch }) => epoch === best)?.metric ?? null;
}
