import { sigmoidCrossEntropy } from './binary.ts';
import { softmaxCrossEntropy } from './categorical.ts';
import type { DistillationTerm, LossKind } from './loss.ts';
import { onePerColumn, option } from './options.ts';
import { scaledError } from './squared-error.ts';

/** Hinton, Vinyals and Dean 2015, §2: cross-entropy with the teacher's softened answers, times T². */
export const distillation: LossKind<DistillationTerm> = (site, term) => {
  const { emit, columns } = site;
  const temperature = option(term, 'temperature', term.temperature ?? 1, (v) => v > 0, 'above 0');
  if (term.form === 'squared') return scaledError(site, onePerColumn(term, 'scale', term.scale, columns));
  const softened = (logits: string) => (temperature === 1 ? logits : emit.mul(logits, emit.scalar(1 / temperature)));
  // T² from the scaling and 1/T from the chain rule leave T for the gradient.
  const scaled = (value: string, factor: number) => (factor === 1 ? value : emit.mul(value, emit.scalar(factor)));
  const [student, teacher] = [softened(site.answers), softened(site.labels)];
  if (term.form === 'categorical') {
    const { rows, gradient } = softmaxCrossEntropy(site, student, emit.unary('Softmax', teacher, { axis: 1 }));
    return { rows: scaled(rows, temperature ** 2), gradient: scaled(gradient, temperature) };
  }
  const { value, slope } = sigmoidCrossEntropy(site, student, emit.unary('Sigmoid', teacher));
  return {
    rows: scaled(emit.reduceMean(value, [1]), temperature ** 2),
    gradient: scaled(slope, temperature / columns),
  };
};
