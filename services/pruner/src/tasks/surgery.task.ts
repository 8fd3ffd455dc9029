import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Failure } from '@kneepoint/failures';
import { encodeModel, type ImageSize } from '@kneepoint/onnx';
import { analyzeChannels, multipleFor, type Plan, planByCriterion, type Proof, prove, prune } from '@kneepoint/pruning';
import { shapesAsDeclared, takeModel } from '@kneepoint/runtime';
import { VERSION } from '@kneepoint/platform';
import { describeModel } from '@kneepoint/workflow';
import { asWritten, chooseBatch, type WantedBatch } from '../declared-form.ts';
import { drawnFeeds, requireProof, runOnCpu } from '../prove-surgery.ts';
import { sizeOf } from '../report.ts';

export interface SurgeryTaskInput {
  readonly path: string;
  readonly criterion: string;
  readonly ratio: number;
  readonly seed: number;
  readonly roundTo?: number;
  /** Height and width of images where the file leaves them free. */
  readonly size?: ImageSize;
  /** The batch of the written file. Default: that of the original. */
  readonly batch?: WantedBatch;
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
  /** What was changed or left that the user should know. */
  readonly notes: readonly string[];
}

/**
 * Prunes a whole network, outputs unchanged, by a criterion that needs no data. It is cut, proved and written with the batch that the file
 * declares, one image at a time where it takes no more. Throws SURGERY_CUT_NOTHING where no channel could go, SURGERY_NOT_PROVED, and what
 * `takeModel` throws.
 */
export default async function surgery(input: SurgeryTaskInput): Promise<SurgeryTaskOutput> {
  const taken = await takeModel(input.path, input.size ? { size: input.size } : {});
  const { size } = taken;
  const chosen = chooseBatch(taken.model, input.batch);
  const { model } = chosen;
  const { shapes } = await shapesAsDeclared(model, size);
  const analysis = analyzeChannels(model, shapes);
  const { roundTo = multipleFor('cpu') } = input;
  const plan = planByCriterion(input.criterion, analysis, input.ratio, {
    ...{ model, seed: input.seed, roundTo },
  });
  requireCut(plan);
  const cut = prune(model, shapes, plan);
  const images = drawnFeeds(model, { seed: input.seed, ...(size ? { size } : {}) });
  const run = runOnCpu();
  const proof = requireProof(await prove({ model, shapes, plan, images, run, seed: input.seed }));
  const after = sizeOf(cut, (await shapesAsDeclared(cut, size)).shapes);
  const written = await asWritten(cut, { ...taken, ...chosen, shapes, plan, run, seed: input.seed });
  const described = describeModel(written.model, {
    'kneepoint.version': VERSION,
    'kneepoint.model': { sha256: await sha256Of(input.path) },
    'kneepoint.surgery': { criterion: input.criterion, ratio: input.ratio, seed: input.seed, roundTo },
  });
  const encoded = encodeModel(described);
  await writeFile(input.out, encoded);
  return {
    // Of files: what is worked on has another form than either.
    before: { ...sizeOf(model, shapes), bytes: encodeModel(taken.original).byteLength },
    after: { ...after, bytes: encoded.byteLength },
    proof,
    roundTo,
    layers: plan.layers.map(({ name, filters, kept, reason }) => ({
      name,
      filters,
      kept: kept.length,
      reason: reason ?? null,
    })),
    notes: [...taken.notes, ...written.notes, ...proof.meaning],
  };
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Layers named in a message. */
const NAMED = 5;

function requireCut(plan: Plan): void {
  if (plan.removedClasses.length > 0) return;
  const reasons = plan.layers.slice(0, NAMED).map(({ name, reason }) => {
    return `${name} ${reason ?? 'would have to keep all it has at this ratio and multiple'}`;
  });
  const more = plan.layers.length - reasons.length;
  throw new Failure(
    'SURGERY_CUT_NOTHING',
    plan.layers.length === 0
      ? 'no layer with filters was found'
      : `${reasons.join('; ')}${more > 0 ? `; and ${more} more layers` : ''}`,
    { where: 'the plan' },
  );
}
