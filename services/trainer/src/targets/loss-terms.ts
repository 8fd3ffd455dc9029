import type { LossTerm } from '@kneepoint/autodiff';
import { takeRows } from '@kneepoint/regression';
import type { Distillation, TrainingSettings } from '@kneepoint/workflow';
import { isValue, type TaskColumns, type Targets } from './targets.ts';

/** One term of the loss and whose labels it takes. */
export interface TaskTerm {
  readonly term: LossTerm;
  readonly task: TaskColumns;
  /** The labels are a teacher's answers. */
  readonly taught: boolean;
}

/** The loss of a training: one term per task, and one more where a teacher is listened to. All in the training scale. */
export function lossTerms(
  targets: Targets,
  train: Int32Array,
  output: string,
  { labelSmoothing, classWeights }: Pick<TrainingSettings, 'labelSmoothing' | 'classWeights'>,
  distill?: Pick<Distillation, 'weight' | 'temperature'>,
): readonly TaskTerm[] {
  const taught = distill?.weight ?? 0;
  return targets.tasks.flatMap((task, i) => {
    const place = { output, columns: [task.from, task.to] as const };
    const weights = classWeights === 'balanced' ? balancedWeights(targets, task, train) : undefined;
    const terms: TaskTerm[] = [];
    if (taught < 1) {
      const base = { ...place, name: `task${i}`, weight: 1 - taught };
      terms.push({ term: labelTerm(task, base, labelSmoothing, weights), task, taught: false });
    }
    if (distill && taught > 0) {
      const base = { ...place, name: `teacher${i}`, weight: taught, kind: 'distillation' as const };
      const { type } = task.spec;
      const term: LossTerm = isValue(task.spec)
        ? { ...base, form: 'squared' }
        : { ...base, form: type === 'categorical' ? 'categorical' : 'binary', temperature: distill.temperature };
      terms.push({ term, task, taught: true });
    }
    return terms;
  });
}

type Place = Pick<LossTerm, 'name' | 'output' | 'columns' | 'weight'>;
type Pairs = readonly (readonly [number, number])[];

function labelTerm(
  { spec }: TaskColumns,
  place: Place,
  smoothing: number,
  weights: { readonly classes: readonly number[]; readonly pairs: Pairs } | undefined,
): LossTerm {
  switch (spec.type) {
    case 'continuous':
      return { ...place, kind: 'squaredError' };
    case 'ordered':
      return { ...place, kind: 'ordered' };
    case 'binary':
    case 'multilabel':
      return { ...place, kind: spec.type, smoothing, ...(weights ? { classWeights: weights.pairs } : {}) };
    case 'categorical':
      return { ...place, kind: 'categorical', smoothing, ...(weights ? { classWeights: weights.classes } : {}) };
  }
}

/** n / (classes · n of the class): each class counts as much as any other, and the mean over images stays 1. */
export function balancedWeights(
  targets: Targets,
  task: TaskColumns,
  train: Int32Array,
): { readonly classes: readonly number[]; readonly pairs: Pairs } | undefined {
  if (isValue(task.spec)) return undefined;
  const rows = targets.labelled(task, train);
  const width = task.to - task.from;
  const labels = takeRows(task.labels, rows, width);
  const ones = Array.from({ length: width }, (_, k) => {
    let sum = 0;
    for (let i = k; i < labels.length; i += width) sum += labels[i]!;
    return sum;
  });
  const n = rows.length;
  return {
    classes: ones.map((count) => (count > 0 ? n / (width * count) : 0)),
    pairs: ones.map((count) => [count < n ? n / (2 * (n - count)) : 1, count > 0 ? n / (2 * count) : 1] as const),
  };
}
