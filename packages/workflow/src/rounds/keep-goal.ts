import type { FinetunedTask } from '../steps/finetune.ts';

/**
 * What the small network must still do, measured on validation against the whole network finetuned. `share`: of its metric, between 0
 * and 1; an error may grow to the reference divided by it. `within`: how much worse in the metric's own unit (accuracies between 0 and 1).
 */
export type KeepGoal = { readonly share: number } | { readonly within: number };

/** Smallest network that keeps this when nothing else is said. */
export const DEFAULT_KEEP: KeepGoal = { share: 0.99 };

type Judged = Pick<FinetunedTask, 'task' | 'higherIsBetter' | 'validation'>;

/** The worst value of a metric that still meets the goal. */
export function keepBound(goal: KeepGoal, { higherIsBetter, validation }: Judged): number {
  if ('share' in goal) return higherIsBetter ? validation * goal.share : validation / goal.share;
  return higherIsBetter ? validation - goal.within : validation + goal.within;
}

/**
 * How much of the whole network's metric is kept: 1 is as much, and of several tasks the worst counts. An error of 0 is kept by an error
 * of 0 alone.
 */
export function keptShare(whole: readonly Judged[], cut: readonly Judged[]): number {
  return Math.min(
    ...whole.map(({ task, higherIsBetter, validation }) => {
      const now = cut.find((found) => found.task === task)!.validation;
      if (now === validation) return 1;
      return higherIsBetter ? now / Math.max(validation, TINY) : validation / Math.max(now, TINY);
    }),
  );
}

/** Whether every task's metric is within the goal. */
export function keeps(goal: KeepGoal, whole: readonly Judged[], cut: readonly Judged[]): boolean {
  return whole.every((reference) => {
    const now = cut.find((found) => found.task === reference.task)!.validation;
    const bound = keepBound(goal, reference);
    return reference.higherIsBetter ? now >= bound - ROUNDING : now <= bound + ROUNDING;
  });
}

const ROUNDING = 1e-9;
/** Keeps a quotient finite. */
const TINY = 1e-12;
