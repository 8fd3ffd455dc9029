import type { ModelProto } from '@kneepoint/onnx';
import type { ProofBatch, RunModel } from './batches.ts';
import { runAll } from './batches.ts';
import { Trial } from './trial.ts';

/**
 * Whether a network answers as another one does on all batches: to a tolerance relative to the largest answer, or to what rounding does to
 * that other one itself. Throws PROOF_NOT_FINITE, and what running either throws.
 */
export async function answersAlike(
  reference: ModelProto,
  other: ModelProto,
  {
    tolerance = 1e-5,
    seed = 1,
    ...fed
  }: {
    readonly batches: readonly ProofBatch[];
    readonly run: RunModel;
    readonly tolerance?: number;
    readonly seed?: number;
  },
): Promise<boolean> {
  const masked = await runAll(reference, fed.batches, fed.run);
  const pruned = await runAll(other, fed.batches, fed.run);
  const trial = new Trial({ ...fed, network: reference, tolerance, seed, masked, pruned, byDefault: pruned });
  await trial.judge();
  return trial.verdict('pruned') === 'equal';
}
