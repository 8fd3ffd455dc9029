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
  { spec, partial }: TaskColumns,
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
      return {
        ...{ ...place, kind: spec.type, smoothing },
        ...(weights ? { classWeights: weights.pairs } : {}),
        ...(partial ? { partial } : {}),
      };
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
  const counted = Array.from({ length: width }, (_, k) => {
    const own = labels.filter((value, i) => i % width === k && !Number.isNaN(value));
    return { n: own.length, ones: own.reduce((sum, value) => sum + value, 0) };
  });
  return {
    classes: counted.map(({ n, ones }) => (ones > 0 ? n / (width * ones) : 0)),
    pairs: counted.map(({ n, ones }) => [ones < n ? n / (2 * (n - ones)) : 1, ones > 0 ? n / (2 * ones) : 1] as const),
  };
}
