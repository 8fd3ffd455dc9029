import { LIMITS } from '../limits.ts';
import { quote } from '../quote.ts';
import type { LabelSource, TaskDraft } from './task-kind.ts';

/** Whether a task's class names are few and short enough; reports what is not. */
export function checkClasses(draft: TaskDraft, classes: readonly string[], source: LabelSource): boolean {
  const task = `task ${quote(draft.name)}`;
  const long = classes.find((name) => name.length > LIMITS.nameCharacters);
  if (long !== undefined) {
    const message = `${task}: a class has a name of ${long.length} characters: ${quote(long)}`;
    source.report('DATASET_UNKNOWN_CLASS', undefined, message, `keep names within ${LIMITS.nameCharacters} characters`);
    return false;
  }
  if (classes.length > LIMITS.classes || classes.length * source.rows > LIMITS.labelValues) {
    const message = `${task}: ${classes.length} classes over ${source.rows} images`;
    source.report('DATASET_CLASS_COUNT', undefined, message, `keep at most ${LIMITS.classes} classes, or merge some`);
    return false;
  }
  return true;
}
