import { Failure } from '@kneepoint/failures';
import type { CategoricalTerm, LossKind, LossSite } from './loss.ts';
import { option } from './options.ts';

/** Cross-entropy of softmax(answers) with labels that sum to 1, weighted by the label's class. */
export const categorical: LossKind<CategoricalTerm> = (site, term) => {
  const { emit, columns, labels } = site;
  const smoothing = option(term, 'smoothing', term.smoothing ?? 0, (v) => v >= 0 && v < 1, 'from 0 to below 1');
  const targets =
    smoothing === 0 ? labels : emit.add(emit.mul(labels, emit.scalar(1 - smoothing)), emit.scalar(smoothing / columns));
  const { rows, gradient } = softmaxCrossEntropy(site, site.answers, targets);
  const weights = classWeights(site, term);
  if (weights === undefined) return { rows, gradient };
  return { rows: emit.mul(rows, weights), gradient: emit.mul(gradient, weights) };
};

/** −Σ y·log softmax(z) over columns for logits z and targets y that sum to 1, and its derivative softmax(z) − y. */
export function softmaxCrossEntropy(
  { emit }: LossSite,
  logits: string,
  targets: string,
): { readonly rows: string; readonly gradient: string } {
  const log = emit.unary('LogSoftmax', logits, { axis: 1 });
  return {
    rows: emit.unary('Neg', emit.reduceSum(emit.mul(targets, log), [1])),
    gradient: emit.sub(emit.unary('Exp', log), targets),
  };
}

/** Σ label · weight over classes: what each row counts, rows × 1. */
function classWeights({ emit, columns, labels }: LossSite, term: CategoricalTerm): string | undefined {
  const weights = term.classWeights;
  if (weights === undefined) return undefined;
  if (weights.length !== columns) {
    throw new Failure('TRAINING_OPTION_INVALID', `classWeights has ${weights.length} entries for ${columns} columns`, {
      where: `loss ${term.name}`,
      fix: 'one per class',
    });
  }
  for (const weight of weights) option(term, 'classWeights', weight, (v) => v >= 0, 'of at least 0');
  return emit.matmul(labels, emit.floats([columns, 1], weights));
}
