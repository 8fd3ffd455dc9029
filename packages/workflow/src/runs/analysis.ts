import type { StepPlan } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import type { DatasetReference } from '../dataset.ts';
import type { ModelReference } from '../model.ts';
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
  /**
   * Images in one extraction shard, where the cost of the network shall not decide: many small shards for many extractors, or few where
   * starting one is what takes time. Part of every key, so results are found only by who asks with the same number; they are equal.
   */
  readonly imagesPerShard?: number;
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
export function planAnalysis(request: AnalysisRequest): AnalysisPlan {
  const extractions = planExtraction(request);
  const extractKeys = extractions.map((step) => step.key);
  const dependsOn = extractions.map((step) => step.ref);
  const regressions = regressInputs(request, extractKeys).map((input): StepPlan => ({
    ref: `regress-${input.layer}`,
    kind: REGRESS.kind,
    service: REGRESS.service,
    timeoutSeconds: REGRESS.timeoutSeconds,
    name: `fit ${input.layer}`,
    key: regressKey(input),
    input,
    dependsOn,
  }));
  return {
    steps: [...extractions, ...regressions],
    extractKeys,
    regressKeys: regressions.map(({ key }, index) => ({ layer: request.model.inspection.taps[index]!.layer, key })),
  };
}

/**
 * Where the result of every layer for each task is found, in graph order, whichever run made it: queries need no index of past
 * runs, only the model, the data set and the settings.
 */
export function layerTaskKeys(
  request: AnalysisRequest,
): ReadonlyMap<string, readonly { readonly layer: string; readonly key: string }[]> {
  const extractKeys = planExtraction(request).map((step) => step.key);
  const inputs = regressInputs(request, extractKeys);
  return new Map(
    request.tasks.map((task) => [
      task.name,
      inputs.map((input) => ({ layer: input.layer, key: layerTaskKey(input, task) })),
    ]),
  );
}

function planExtraction({ model, dataset, imagesPerShard }: AnalysisRequest): readonly StepPlan[] {
  const size = Math.max(1, Math.round(imagesPerShard ?? shardSize(model.inspection.macs)));
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
      timeoutSeconds: EXTRACT.timeoutSeconds,
      name: `extract images ${from + 1}–${to}`,
      key: extractKey(input),
      input,
      dependsOn: [],
    });
  }
  return extractions;
}

/** What each layer's regression reads, in graph order. */
function regressInputs(
  { model, dataset, tasks, settings }: AnalysisRequest,
  extractKeys: readonly string[],
): readonly RegressInput[] {
  const { manifestSha256 } = dataset;
  return model.inspection.taps.map(({ layer, channels }) => ({
    extractKeys,
    tasks,
    settings,
    manifestSha256,
    layer,
    channels,
  }));
}
