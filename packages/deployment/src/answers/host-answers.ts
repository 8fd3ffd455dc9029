import { KINDS, type TaskSpec } from '@kneepoint/regression';
import type { AnswerKind } from '@kneepoint/workflow';
import type { NetworkFacts } from '../network/network-facts.ts';

/** Answers of one task: rows × columns. */
export interface TaskAnswers {
  readonly task: string;
  readonly columns: number;
  readonly values: Float64Array;
}

/**
 * What becomes of a network's scores outside of it: the words by which answers in the graph are judged.
 * @param scores rows × targets of all tasks, in their order
 */
export function hostAnswers(
  scores: ArrayLike<number>,
  { tasks, thresholds }: Pick<NetworkFacts, 'tasks' | 'thresholds'>,
  kind: AnswerKind,
): readonly TaskAnswers[] {
  const width = tasks.reduce((sum, { targets }) => sum + targets.length, 0);
  const rows = scores.length / width;
  let from = 0;
  return tasks.map((spec, i) => {
    const columns = spec.targets.length;
    const begin = from;
    from += columns;
    const own = Float64Array.from({ length: rows * columns }, (_, at) => {
      return scores[Math.floor(at / columns) * width + begin + (at % columns)]!;
    });
    if (kind === 'labels') {
      const type = KINDS[spec.type];
      return { task: spec.name, columns: type.columns(spec), values: type.decide(own, spec, thresholds[i]!) };
    }
    return { task: spec.name, columns, values: kind === 'probabilities' ? probabilities(own, spec) : own };
  });
}

/** Sigmoid of independent labels, softmax of classes; values as they are. */
function probabilities(scores: Float64Array, { type, targets }: TaskSpec): Float64Array {
  if (type === 'binary' || type === 'multilabel') return scores.map(sigmoid);
  if (type !== 'categorical') return scores;
  const classes = targets.length;
  const out = new Float64Array(scores.length);
  for (let row = 0; row < scores.length; row += classes) {
    const own = scores.subarray(row, row + classes);
    const most = Math.max(...own);
    const powers = own.map((score) => Math.exp(score - most));
    const sum = powers.reduce((total, power) => total + power, 0);
    powers.forEach((power, k) => (out[row + k] = power / sum));
  }
  return out;
}

export function sigmoid(score: number): number {
  return score >= 0 ? 1 / (1 + Math.exp(-score)) : Math.exp(score) / (1 + Math.exp(score));
}
