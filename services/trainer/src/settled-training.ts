import { Failure } from '@kneepoint/failures';
import type { StepContext } from '@kneepoint/platform';
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
  const outputOf = async <Output>(key: string): Promise<Output> => {
    const row = await db.prisma.result.findUnique({ where: { key }, select: { output: true } });
    if (!row) throw new Failure('INTERNAL', `the result under key ${key} is gone`);
    return row.output as unknown as Output;
  };
  const { settled } = await outputOf<Partial<PruneOutput>>(network.step.key);
  if (!settled) return undefined;
  return { ...(await outputOf<FinetuneOutput>(settled.finetune)), settled: settled.finetune };
}
