import type { StepPlan } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import type { DatasetReference } from '../dataset.ts';
import type { ModelReference, TapReference } from '../model.ts';
import { EXTRACT, type ExtractInput, extractKey } from '../steps/extract.ts';
import { layerTaskKey, REGRESS, type RegressInput, type RegressionSettings, regressKey } from '../steps/regress.ts';

/** Multiply-accumulates of one shard: about a minute on two cores, which bounds what a killed worker loses. */
const SHARD_MACS = 2e12;
const SHARD_IMAGES = { least: 32, most: 2048 } as const;

export interface AnalysisRequest {
  readonly model: ModelReference;
  readonly dataset: DatasetReference;
  readonly tasks: readonly TaskSpec[];
  readonly settings: RegressionSettings;
}

export interface AnalysisPlan {
  readonly steps: readonly StepPlan[];
  readonly extractKeys: readonly string[];
  readonly regressKeys: readonly { readonly layer: string; readonly key: string }[];
}

/** Images in one extraction shard for a network of this cost. */
export function shardSize(macsPerImage: number): number {
  const images = Math.floor(SHARD_MACS / Math.max(1, macsPerImage));
  return Math.min(SHARD_IMAGES.most, Math.max(SHARD_IMAGES.least, images));
}

/** Extraction in shards, then one regression per layer over all shards. */
export function planAnalysis({ model, dataset, tasks, settings }: AnalysisRequest): AnalysisPlan {
  const size = shardSize(model.inspection.macs);
  const extractions: StepPlan[] = [];
  for (let from = 0; from < dataset.images; from += size) {
    const to = Math.min(dataset.images, from + size);
    const input: ExtractInput = {
      modelSha256: model.sha256,
      preprocess: model.preprocess,
      datasetSha256: dataset.sha256,
      from,
      to,
      taps: model.inspection.taps,
    };
    extractions.push({
      ref: `extract-${from}`,
      kind: EXTRACT.kind,
      service: EXTRACT.service,
      name: `extract images ${from + 1}–${to}`,
      key: extractKey(input),
      input,
      dependsOn: [],
    });
  }
  const extractKeys = extractions.map((step) => step.key);
  const dependsOn = extractions.map((step) => step.ref);
  const regressions = model.inspection.taps.map((tap) =>
    planRegression(tap, { extractKeys, tasks, settings, manifestSha256: dataset.manifestSha256 }, dependsOn),
  );
  return {
    steps: [...extractions, ...regressions],
    extractKeys,
    regressKeys: regressions.map((step, index) => ({ layer: model.inspection.taps[index]!.layer, key: step.key })),
  };
}

function planRegression(
  tap: TapReference,
  shared: Pick<RegressInput, 'extractKeys' | 'tasks' | 'settings' | 'manifestSha256'>,
  dependsOn: readonly string[],
): StepPlan {
  const input: RegressInput = { ...shared, layer: tap.layer, channels: tap.channels };
  return {
    ref: `regress-${tap.layer}`,
    kind: REGRESS.kind,
    service: REGRESS.service,
    name: `fit ${tap.layer}`,
    key: regressKey(input),
    input,
    dependsOn,
  };
}

/**
 * Where the result of every layer for one task is found, whichever run made it: queries need no index of past runs,
 * only the model, the data set and the settings.
 */
export function layerTaskKeys(
  request: Omit<AnalysisRequest, 'tasks'>,
  task: TaskSpec,
): readonly { readonly layer: string; readonly key: string }[] {
  const { steps } = planAnalysis({ ...request, tasks: [task] });
  return steps
    .filter((step) => step.kind === REGRESS.kind)
    .map((step) => {
      const input = step.input as RegressInput;
      return { layer: input.layer, key: layerTaskKey(input, task) };
    });
}
