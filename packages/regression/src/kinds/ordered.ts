import type { TaskSpec } from '../task/spec.ts';
import { byClass } from './by-class.ts';
import type { FieldProblem, TaskKind } from './kind.ts';
import { targetCount } from './problems.ts';

/** Ordered categories: the underlying values are regressed, then binned; two targets (yaw, pitch) make a grid of classes. */
export const ordered: TaskKind = {
  type: 'ordered',
  metric: 'accuracy',
  others: ['balancedAccuracy', 'rmse'],
  discrete: true,
  partial: false,
  specProblems(spec) {
    const problems: FieldProblem[] = targetCount(spec, 1, 2);
    const bins = spec.bins ?? [];
    if (bins.length !== spec.targets.length) {
      const problem = `${bins.length} lists of edges for ${spec.targets.length} targets`;
      problems.push({ field: 'bins', problem, fix: 'one list of inner edges per target' });
    }
    bins.forEach((edges, i) => {
      const field = `bins[${i}]`;
      if (edges.length === 0)
        problems.push({ field, problem: 'no edges make one bin', fix: 'at least one inner edge' });
      const fall = edges.findIndex((edge, k) => k > 0 && edge <= (edges[k - 1] as number));
      if (fall > 0) {
        const problem = `edge ${edges[fall]} does not lie above ${edges[fall - 1]}`;
        problems.push({ field: `${field}[${fall}]`, problem, fix: 'edges in ascending order' });
      }
    });
    const classes = bins.reduce((product, edges) => product * (edges.length + 1), 1);
    if (spec.classes !== undefined && spec.classes.length !== classes) {
      const problem = `${spec.classes.length} class names for ${classes} bins`;
      problems.push({ field: 'classes', problem, fix: `${classes} names, the last target's bins running fastest` });
    }
    return problems;
  },
  labelProblem: () => undefined,
  columns: () => 1,
  chooseThresholds: () => [],
  decide(scores, spec) {
    const targets = spec.targets.length;
    const bins = spec.bins ?? [];
    return Float64Array.from({ length: scores.length / targets }, (_, row) => {
      let id = 0;
      bins.forEach((edges, target) => {
        id = id * (edges.length + 1) + binOf(scores[row * targets + target] as number, edges);
      });
      return id;
    });
  },
  classNames,
  breakDown: (outcome, spec) => byClass(outcome, classNames(spec)),
};

/** Where nobody named the bins, their bounds; of two targets all pairs, the last target's bins running fastest. */
function classNames({ classes, targets, bins = [] }: TaskSpec): readonly string[] {
  if (classes) return classes;
  return bins.reduce<readonly string[]>((names, edges, i) => {
    const own = [...edges, Infinity].map((to, k) => boundsOf(targets[i]!, k === 0 ? undefined : edges[k - 1]!, to));
    return names.length === 0 ? own : names.flatMap((name) => own.map((other) => `${name}, ${other}`));
  }, []);
}

/** "yaw < -15", "-15 ≤ yaw < 15", "15 ≤ yaw". */
function boundsOf(target: string, from: number | undefined, to: number): string {
  const low = from === undefined ? '' : `${from} ≤ `;
  return to === Infinity ? `${low}${target}` : `${low}${target} < ${to}`;
}

/** Number of edges at or below the value. */
function binOf(value: number, edges: readonly number[]): number {
  let bin = 0;
  while (bin < edges.length && value >= (edges[bin] as number)) bin++;
  return bin;
}
