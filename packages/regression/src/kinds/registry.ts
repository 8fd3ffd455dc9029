import type { TaskType } from '../task/spec.ts';
import { binary } from './binary.ts';
import { categorical } from './categorical.ts';
import { continuous } from './continuous.ts';
import type { TaskKind } from './kind.ts';
import { multilabel } from './multilabel.ts';
import { ordered } from './ordered.ts';

/** Every type of task. Adding one is adding a file and a line. */
export const KINDS: Readonly<Record<TaskType, TaskKind>> = { continuous, binary, ordered, multilabel, categorical };
