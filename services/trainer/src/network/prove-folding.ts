import { withWeights } from '@kneepoint/autodiff';
import { Failure } from '@kneepoint/failures';
import type { TaskContext } from '@kneepoint/runtime';
import { answersOf } from '../rows/answers.ts';
import type { Parts } from '../targets/parts.ts';
import type { Subject } from './subject.ts';

/** The largest difference of an answer, relative to the largest answer. */
const TOLERANCE = 1e-5;

/**
 * What is delivered must answer to the images of validation as what was trained does: the same with the normalisations folded away.
 * On the CPU, because a GPU may round products to fewer digits. Throws TRAINING_NOT_PROVED.
 */
export async function proveFolding(
  subject: Subject,
  weights: ReadonlyMap<string, Float32Array>,
  { parts, context }: { readonly parts: Parts; readonly context: Pick<TaskContext, 'signal'> },
): Promise<void> {
  const answers = async (model: Subject['model']): Promise<Float32Array> => {
    const { source, evaluationBatch: batch } = subject;
    const request = { model, rows: parts.validation, source, batch, provider: 'cpu', signal: context.signal } as const;
    return (await answersOf(request)).values;
  };
  const [trained, delivered] = [
    await answers(withWeights(subject.model, weights)),
    await answers(subject.judged(weights)),
  ];
  const size = trained.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference = trained.reduce((most, value, i) => Math.max(most, Math.abs(value - delivered[i]!)), 0);
  if (difference <= TOLERANCE * size) return;
  throw new Failure(
    'TRAINING_NOT_PROVED',
    `folded, the network answers otherwise by ${(difference / size).toExponential(2)}`,
    {
      where: 'normalisations put in for training',
      fix: `a difference of ${TOLERANCE} at most; train with batchNorm frozen`,
    },
  );
}
