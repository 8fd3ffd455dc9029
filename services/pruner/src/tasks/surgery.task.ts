import { writeFile } from 'node:fs/promises';
import { encodeModel, freeBatch, inputSpec, validateGraph } from '@kneepoint/onnx';
import { analyzeChannels, multipleFor, planByCriterion, type Proof, prove, prune } from '@kneepoint/pruning';
import { readModelFile, shapesOf } from '@kneepoint/runtime';
import { randomImages, requireProof, runAsWritten } from '../prove-surgery.ts';
import { sizeOf } from '../report.ts';

export interface SurgeryTaskInput {
  readonly path: string;
  readonly criterion: string;
  readonly ratio: number;
  readonly seed: number;
  readonly roundTo?: number;
  readonly out: string;
}

interface FileSize {
  readonly parameters: number;
  readonly macs: number;
  readonly bytes: number;
}

export interface SurgeryTaskOutput {
  readonly before: FileSize;
  readonly after: FileSize;
  readonly proof: Proof;
  /** The multiple that layers keep where their channels allow. */
  readonly roundTo: number;
  readonly layers: readonly {
    readonly name: string;
    readonly filters: number;
    readonly kept: number;
    readonly reason: string | null;
  }[];
}

/** Prunes a whole network, outputs unchanged, by a criterion that needs no data. */
export default async function surgery(input: SurgeryTaskInput): Promise<SurgeryTaskOutput> {
  const original = await readModelFile(input.path);
  validateGraph(original);
  const { model } = freeBatch(original);
  const spec = inputSpec(model);
  const shapes = await shapesOf(model);
  const analysis = analyzeChannels(model, shapes);
  const { roundTo = multipleFor('cpu') } = input;
  const plan = planByCriterion(input.criterion, analysis, input.ratio, {
    ...{ model, seed: input.seed, roundTo },
  });
  const cut = prune(model, shapes, plan);
  const proof = requireProof(
    await prove({
      model,
      shapes,
      plan,
      images: [randomImages(spec, input.seed)],
      run: runAsWritten(),
      seed: input.seed,
    }),
  );
  const after = sizeOf(cut, await shapesOf(cut));
  await writeFile(input.out, encodeModel(cut));
  return {
    before: sizeOf(model, shapes),
    after,
    proof,
    roundTo,
    layers: plan.layers.map(({ name, filters, kept, reason }) => ({
      name,
      filters,
      kept: kept.length,
      reason: reason ?? null,
    })),
  };
}
