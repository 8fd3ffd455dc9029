import { readResults, type StepContext } from '@kneepoint/platform';
import type { FinetuneOutput, PruneOutput, Round, RoundHistory } from '@kneepoint/workflow';

/** What the rounds before one have made, by their keys. Throws INTERNAL where a result is gone. */
export async function roundHistory(
  { whole, earlier }: Pick<Round, 'whole' | 'earlier'>,
  db: StepContext['db'],
): Promise<RoundHistory> {
  const results = await readResults(db, [whole, ...earlier.flatMap(({ prune, finetune }) => [prune, finetune])]);
  return {
    whole: results.of<FinetuneOutput>(whole),
    earlier: earlier.map(({ prune, finetune }) => ({
      prune: results.of<PruneOutput>(prune),
      finetune: results.of<FinetuneOutput>(finetune),
    })),
  };
}
