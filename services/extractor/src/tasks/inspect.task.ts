import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  costs,
  encodeModel,
  freeBatch,
  Graph,
  inputSpec,
  skeleton,
  validateGraph,
  withDeclaredShapes,
} from '@kneepoint/onnx';
import { Failure } from '@kneepoint/failures';
import { analyzeChannels, findTaps } from '@kneepoint/pruning';
import { readModelFile, shapesOf, type TaskContext } from '@kneepoint/runtime';
import type { LayerSummary, ModelInspection } from '@kneepoint/workflow';

export interface InspectInput {
  readonly path: string;
  /** Where to write `model.onnx` (self-contained, batch free) and `skeleton.onnx`; nothing is written without it. */
  readonly outFolder?: string;
}

/** Reads, bounds, validates, runs on one image and walks a model: everything that is known of it before any data set. */
export default async function inspect(
  { path, outFolder }: InspectInput,
  context: TaskContext,
): Promise<ModelInspection> {
  const total = 4;
  const stage = (done: number, message: string): void => context.progress({ done, total, unit: 'stages', message });
  stage(0, 'reading');
  const original = await readModelFile(path);
  validateGraph(original);
  const input = inputSpec(original);
  const { model, freed, reason } = freeBatch(original);
  if (!freed && input.batch !== 'free') {
    throw new Failure(
      'ONNX_BATCH_FIXED',
      `the batch size is fixed at ${input.batch} and cannot be made free: ${reason}`,
      {
        where: input.name,
        fix: 'Export the model with a dynamic batch axis.',
      },
    );
  }
  stage(1, 'running one image');
  const shapes = await shapesOf(model);
  stage(2, 'walking channels');
  const analysis = analyzeChannels(model, shapes);
  const taps = findTaps(model, shapes);
  const cost = costs(model, shapes);
  const costOf = new Map(cost.nodes.map((node) => [node.name, node]));
  const layers = analysis.layers.map((layer): LayerSummary => ({
    name: layer.name,
    op: layer.op,
    filters: layer.filters,
    prunable: layer.prunable,
    reason: layer.reason ?? null,
    ...(layer.frozenBy
      ? { frozenBy: { node: layer.frozenBy.node, operator: layer.frozenBy.op, reason: layer.frozenBy.text } }
      : {}),
    parameters: costOf.get(layer.name)?.parameters ?? 0,
    macs: costOf.get(layer.name)?.macs ?? 0,
  }));
  stage(3, 'writing');
  const encoded = encodeModel(model);
  if (outFolder) {
    await writeFile(join(outFolder, 'model.onnx'), encoded);
    await writeFile(join(outFolder, 'skeleton.onnx'), encodeModel(withDeclaredShapes(skeleton(model), shapes)));
  }
  stage(4, 'done');
  return {
    input: { name: input.name, channels: input.channels, height: input.height, width: input.width },
    opset: new Graph(model).opset,
    producer: [original.producerName, original.producerVersion].filter(Boolean).join(' ') || 'unknown',
    parameters: cost.parameters,
    macs: cost.macs,
    bytes: encoded.byteLength,
    layers,
    taps: taps.map(({ layer, value, channels, size }) => ({ layer, value, channels, ...(size ? { size } : {}) })),
    notes:
      freed && input.batch !== 'free' ? [`The batch size was fixed at ${input.batch} and has been made free.`] : [],
  };
}
