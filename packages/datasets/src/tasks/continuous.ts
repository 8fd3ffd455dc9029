import { quote } from '../quote.ts';
import { numericLabels } from './numeric-labels.ts';
import { specOf } from './spec-of.ts';
import type { TaskKind } from './task-kind.ts';
import { varies } from './varies.ts';

/** One number per image, regressed as it is. */
export const continuous: TaskKind = {
  encode(draft, source) {
    const labels = numericLabels(draft, source);
    if (!varies(labels, 1, 0)) {
      const message = `task ${quote(draft.name)}: all labels are the same number, or missing`;
      source.report('DATASET_ONE_CLASS', undefined, message, 'add images with other labels, or remove the task');
    }
    const spec = specOf(draft, { targets: [...draft.columns] });
    return { spec, draft, labels, notes: [] };
  },
};
