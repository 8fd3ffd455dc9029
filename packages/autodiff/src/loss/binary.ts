import { Failure } from '@kneepoint/failures';
import type { BinaryTerm, LossKind, LossSite } from './loss.ts';
import { option } from './options.ts';

/** Cross-entropy of sigmoid(answer), per column, weighted by the label's class and averaged over columns. */
export const binary: LossKind<BinaryTerm> = (site, term) => {
  const { emit, columns, labels, answers } = site;
  const smoothing = option(term, 'smoothing', term.smoothing ?? 0, (v) => v >= 0 && v < 1, 'from 0 to below 1');
  const targets =
    smoothing === 0 ? labels : emit.add(emit.mul(labels, emit.scalar(1 - smoothing)), emit.scalar(smoothing / 2));
  const weights = countedWeights(site, classWeights(site, term));
  const { value, slope } = sigmoidCrossEntropy(site, answers, targets);
  const weighted = weights === undefined ? value : emit.mul(value, weights);
  const gradient = emit.mul(weights === undefined ? slope : emit.mul(slope, weights), emit.scalar(1 / columns));
  return { rows: emit.reduceMean(weighted, [1]), gradient };
};

function countedWeights({ emit, counts }: LossSite, weights: string | undefined): string | undefined {
  if (counts === undefined || weights === undefined) return counts ?? weights;
  return emit.mul(counts, weights);
}

/** max(z, 0) − z·y + log(1 + e^−|z|) for logits z and targets y in [0, 1], and its derivative sigmoid(z) − y. */
export function sigmoidCrossEntropy(
  { emit }: LossSite,
  logits: string,
  targets: string,
): { readonly value: string; readonly slope: string } {
  const softened = emit.unary(
    'Log',
    emit.add(emit.unary('Exp', emit.unary('Neg', emit.unary('Abs', logits))), emit.scalar(1)),
  );
  const positive = emit.sub(emit.unary('Relu', logits), emit.mul(logits, targets));
  return {
    value: emit.add(positive, softened),
    slope: emit.sub(emit.unary('Sigmoid', logits), targets),
  };
}

/** w₀ + (w₁ − w₀) · label: the weight of each label's class, rows × columns. */
function classWeights({ emit, columns, labels }: LossSite, term: BinaryTerm): string | undefined {
  const pairs = term.classWeights;
  if (pairs === undefined) return undefined;
  if (pairs.length !== columns) {
    throw new Failure('TRAINING_OPTION_INVALID', `classWeights has ${pairs.length} pairs for ${columns} columns`, {
      where: `loss ${term.name}`,
      fix: 'one pair per column of the answer',
    });
  }
  for (const weight of pairs.flat()) option(term, 'classWeights', weight, (v) => v >= 0, 'of at least 0');
  const zero = emit.floats(
    [1, columns],
    pairs.map(([weight]) => weight),
  );
  const step = emit.floats(
    [1, columns],
    pairs.map(([negative, positive]) => positive - negative),
  );
  return emit.add(emit.mul(labels, step), zero);
}
