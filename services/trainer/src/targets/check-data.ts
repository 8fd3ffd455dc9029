import { Failure } from '@kneepoint/failures';
import { takeRows } from '@kneepoint/regression';
import type { Parts } from './parts.ts';
import type { TaskColumns, Targets } from './targets.ts';

/** What the labelled images do not allow. Throws TRAINING_DATA naming the task and the class; returns what a reader should know. */
export function checkData(targets: Targets, { train, validation, test }: Parts): readonly string[] {
  return targets.tasks.flatMap((task) => {
    const { name } = task.spec;
    for (const [part, rows] of Object.entries({ validation, test })) {
      if (targets.labelled(task, rows).length > 0) continue;
      throw refuse(task, `no ${part} image carries a label of "${name}"`, 'labelled images in every part');
    }
    const rows = targets.labelled(task, train);
    if (rows.length < 2) {
      const count = rows.length === 1 ? 'one image' : 'no image';
      throw refuse(task, `${count} of the training part carries a label of "${name}"`, 'at least 2 labelled images');
    }
    return emptyClasses(task, rows);
  });
}

/** A class that is never seen cannot be learned; among independent labels one that is never seen only stays unlearned. */
function emptyClasses(task: TaskColumns, train: Int32Array): readonly string[] {
  const { name, type, classes = [] } = task.spec;
  const width = task.to - task.from;
  const labels = takeRows(task.labels, train, width);
  const count = (column: number, value: number): number => {
    let found = 0;
    for (let i = column; i < labels.length; i += width) if (labels[i] === value) found++;
    return found;
  };
  if (type === 'binary') {
    [0, 1].forEach((value) => requireSome(task, count(0, value), classes[value] ?? String(value)));
  } else if (type === 'categorical') {
    for (let k = 0; k < width; k++) requireSome(task, count(k, 1), classes[k] ?? String(k));
  } else if (type === 'multilabel') {
    const empty = Array.from({ length: width }, (_, k) => k).filter((k) => count(k, 1) === 0);
    if (empty.length === width) requireSome(task, 0, classes[0] ?? '0');
    return empty.map((k) => `task "${name}": no training image is labelled "${classes[k] ?? k}"`);
  }
  return [];
}

function requireSome(task: TaskColumns, count: number, label: string): void {
  if (count > 0) return;
  const message = `task "${task.spec.name}": no training image is labelled "${label}"`;
  throw refuse(task, message, 'more images of the class, another seed of the split, or a task without it');
}

function refuse({ spec }: TaskColumns, message: string, fix: string): Failure {
  return new Failure('TRAINING_DATA', message, { where: spec.name, fix });
}
