import { readResults, type StepContext } from '@kneepoint/platform';
import type { FinetuneInput, FinetuneOutput, PruneOutput } from '@kneepoint/workflow';

/**
 * Where a search for the smallest network was over before this training: what an earlier one made of the network that the search
 * ended with. Undefined where there is something to train. Throws INTERNAL where a result is gone.
 */
export async function settledTraining(
  { network, mode }: Pick<FinetuneInput, 'network' | 'mode'>,
  { db }: Pick<StepContext, 'db'>,
): Promise<FinetuneOutput | undefined> {
  // The same architecture from fresh weights is trained of the network that the search ended with.
  if (mode !== 'whole' || !('step' in network)) return undefined;
  const { key } = network.step;
  const { settled } = (await readResults(db, [key])).of<Partial<PruneOutput>>(key);
  if (!settled) return undefined;
  const { finetune } = settled;
  return { ...(await readResults(db, [finetune])).of<FinetuneOutput>(finetune), settled: finetune };
}
