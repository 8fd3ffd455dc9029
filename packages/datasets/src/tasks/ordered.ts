import { quote } from '../quote.ts';
import { numericLabels } from './numeric-labels.ts';
import { specOf } from './spec-of.ts';
import type { LabelSource, TaskDraft, TaskKind } from './task-kind.ts';
import { varies } from './varies.ts';

/** One or two numbers per image, regressed as they are and then put into bins (age; yaw × pitch). */
export const ordered: TaskKind = {
  encode(draft, source) {
    const bins = checkedBins(draft, source);
    const labels = numericLabels(draft, source);
    const width = draft.columns.length;
    draft.columns.forEach((column, target) => {
      if (varies(labels, width, target)) return;
      const message = `task ${quote(draft.name)}: all labels in column ${quote(column)} are the same number, or missing`;
      source.report('DATASET_ONE_CLASS', undefined, message, 'add images with other labels, or remove the task');
    });
    if (bins === undefined) return undefined;
    const classes = draft.classes === undefined ? {} : { classes: [...draft.classes] };
    const spec = specOf(draft, { targets: [...draft.columns], ...classes, bins });
    return { spec, draft, labels, notes: [] };
  },
};

function checkedBins(draft: TaskDraft, source: LabelSource): number[][] | undefined {
  const bins = draft.bins ?? [];
  const name = quote(draft.name);
  if (bins.length !== draft.columns.length) {
    const message = `task ${name}: ${bins.length} lists of bin edges for ${draft.columns.length} columns`;
    source.report('DATASET_BINS_INVALID', undefined, message, 'give one list of inner edges per column');
    return undefined;
  }
  const wrong = bins.findIndex(
    (edges) => edges.length === 0 || edges.some((edge, i) => i > 0 && edge <= (edges[i - 1] ?? edge)),
  );
  if (wrong !== -1) {
    const message = `task ${name}: the bin edges of ${quote(draft.columns[wrong] ?? '')} are not ascending: [${(bins[wrong] ?? []).join(', ')}]`;
    source.report(
      'DATASET_BINS_INVALID',
      undefined,
      message,
      'list the inner edges from the lowest to the highest, each once',
    );
    return undefined;
  }
  const classes = bins.reduce((product, edges) => product * (edges.length + 1), 1);
  if (draft.classes !== undefined && draft.classes.length !== classes) {
    const message = `task ${name}: ${draft.classes.length} class names for ${classes} bins`;
    source.report('DATASET_CLASS_COUNT', undefined, message, `name ${classes} classes, or none`);
    return undefined;
  }
  return bins.map((edges) => [...edges]);
}
