import type { MetricStages, TaskStages } from './report-measured.ts';

/** What tells how good a metric's value is. */
export interface Scale {
  readonly higherIsBetter: boolean;
  readonly chance: number;
}

/**
 * One number for several tasks: the mean of their metrics, where an error counts as 1 − error / error of the constant answer, so
 * that higher is better. For one task its metric as it is.
 */
export function jointMetric(values: readonly { readonly value: number; readonly scale: Scale }[]): number {
  if (values.length === 1) return values[0]!.value;
  const scores = values.map(({ value, scale: { higherIsBetter, chance } }) =>
    higherIsBetter ? value : 1 - value / Math.max(chance, Number.MIN_VALUE),
  );
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** The stages of all tasks as one: those of the only task, or of the score of several. */
export function jointStages(tasks: readonly TaskStages[]): MetricStages {
  const at = (stage: 'chance' | 'probe' | 'pruned' | 'healed' | 'refit' | 'finetuned'): number =>
    jointMetric(tasks.map((task) => ({ value: task[stage]!, scale: task })));
  const [first, ...others] = tasks;
  const { name, higherIsBetter } = others.length === 0 ? first! : { name: 'score', higherIsBetter: true };
  return {
    name,
    higherIsBetter,
    chance: at('chance'),
    probe: at('probe'),
    pruned: at('pruned'),
    healed: at('healed'),
    refit: at('refit'),
    ...(tasks.every(({ finetuned }) => finetuned !== undefined) ? { finetuned: at('finetuned') } : {}),
  };
}
