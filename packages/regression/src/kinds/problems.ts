import type { TaskSpec } from '../task/spec.ts';
import type { FieldProblem } from './kind.ts';

/** Problem of a task whose number of targets is not one of `allowed`. */
export function targetCount(spec: TaskSpec, least: number, most: number): FieldProblem[] {
  const count = spec.targets.length;
  if (count >= least && count <= most) return [];
  const wanted = least === most ? `${least}` : `${least} to ${most}`;
  return [{ field: 'targets', problem: `a ${spec.type} task with ${count} targets`, fix: `${wanted} target names` }];
}

export function noBins(spec: TaskSpec): FieldProblem[] {
  if (spec.bins === undefined) return [];
  return [{ field: 'bins', problem: `bins on a ${spec.type} task`, fix: 'type "ordered", or no bins' }];
}

/** Problem of a task whose classes must be named one per target. */
export function classPerTarget(spec: TaskSpec): FieldProblem[] {
  const count = spec.classes?.length ?? 0;
  if (count === spec.targets.length && count > 0) return [];
  return [
    {
      field: 'classes',
      problem: `${count} class names for ${spec.targets.length} targets`,
      fix: 'one class name per target',
    },
  ];
}

/** What is wrong with a row in which something is neither 0 nor 1. */
export function notZeroOrOne(labels: Float64Array): string | undefined {
  for (let i = 0; i < labels.length; i++) {
    const value = labels[i] as number;
    if (value !== 0 && value !== 1) return `${value} is neither 0 nor 1`;
  }
  return undefined;
}
