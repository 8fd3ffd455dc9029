import { Failure } from '@kneepoint/failures';
import type { StepContext } from '@kneepoint/platform';
import type { FinetuneOutput, PruneOutput, Round, RoundHistory } from '@kneepoint/workflow';

/** What the rounds before one have made, by their keys. Throws INTERNAL where a result is gone. */
export async function roundHistory({ whole, earlier }: Round, db: StepContext['db']): Promise<RoundHistory> {
  const keys = [whole, ...earlier.flatMap(({ prune, finetune }) => [prune, finetune])];
  const rows = await db.prisma.result.findMany({ where: { key: { in: keys } } });
  const outputs = new Map(rows.map((row) => [row.key, row.output as unknown]));
  const outputOf = <Output>(key: string): Output => {
    if (!outputs.has(key)) throw new Failure('INTERNAL', `the result under key ${key} is gone`);
    return outputs.get(key) as Output;
  };
  return {
    whole: outputOf<FinetuneOutput>(whole),
    earlier: earlier.map(({ prune, finetune }) => ({
      prune: outputOf<PruneOutput>(prune),
      finetune: outputOf<FinetuneOutput>(finetune),
    })),
  };
}
