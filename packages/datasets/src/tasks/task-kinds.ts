import { binary } from './binary.ts';
import { categorical } from './categorical.ts';
import { continuous } from './continuous.ts';
import { multilabel } from './multilabel.ts';
import { ordered } from './ordered.ts';
import type { TaskDraft, TaskKind } from './task-kind.ts';

export const TASK_KINDS: Readonly<Record<TaskDraft['type'], TaskKind>> = {
  continuous,
  binary,
  ordered,
  multilabel,
  categorical,
};
