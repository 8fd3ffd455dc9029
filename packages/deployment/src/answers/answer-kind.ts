import { Failure } from '@kneepoint/failures';
import { ANSWER_KINDS, type AnswerKind } from '@kneepoint/workflow';

/**
 * --answers; `raw` when it was not given. Throws ANSWERS_INVALID, and ANSWERS_NOT_LOGITS for probabilities of a network that nothing trains:
 * before it is made, where that is known by then.
 */
export function readAnswerKind(text: string | undefined, { trained }: { readonly trained: boolean }): AnswerKind {
  const kind = ANSWER_KINDS.find((known) => known === (text ?? 'raw'));
  if (kind === undefined) {
    throw new Failure('ANSWERS_INVALID', `the answers are "${text}"`, {
      where: '--answers',
      fix: `Choose one of: ${ANSWER_KINDS.join(', ')}.`,
    });
  }
  if (kind === 'probabilities' && !trained) {
    throw new Failure('ANSWERS_NOT_LOGITS', 'the head of a network that is not trained is fitted by least squares', {
      where: '--answers',
      fix: 'Ask for labels, or let the network be trained: finetuned among the arms of compress.',
    });
  }
  return kind;
}
