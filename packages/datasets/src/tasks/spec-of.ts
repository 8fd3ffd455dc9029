import type { TaskSpec } from '@kneepoint/regression';
import type { TaskDraft } from './task-kind.ts';

/** The task description that regression reads, with what every type carries over from the draft. */
export function specOf(
  { name, type, unit, mirror }: TaskDraft,
  own: Pick<TaskSpec, 'targets' | 'classes' | 'bins'>,
): TaskSpec {
  return { name, type, ...(unit === undefined ? {} : { unit }), ...own, ...(mirror === undefined ? {} : { mirror }) };
}
