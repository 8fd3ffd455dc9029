import { Failure } from '@kneepoint/failures';
import { cleanText } from '@kneepoint/platform';
import type { RunFilter } from '../schema/run.ts';
import { localId } from './ids.ts';
import { isAbsent } from './absent.ts';
import { requireLabel } from './labels.ts';
import type { RunRow } from './runs.ts';

/** Which runs are meant, with the ids of rows. */
export interface RunConditions {
  readonly kind?: string;
  readonly states?: readonly string[];
  readonly modelId?: string;
  readonly datasetId?: string;
  readonly name?: string;
  readonly labels?: readonly string[];
  readonly task?: string;
  readonly createdBy?: string;
  readonly from?: Date;
  readonly before?: Date;
}

/** Throws ID_INVALID, RUN_DETAILS_INVALID, RUN_FILTER_INVALID. */
export function conditionsOf(filter: RunFilter | null | undefined): RunConditions {
  const { kind, states, model, dataset, name, labels, task, createdBy, createdFrom, createdBefore } = filter ?? {};
  if (!isAbsent(createdFrom) && !isAbsent(createdBefore) && createdFrom >= createdBefore) {
    throw new Failure('RUN_FILTER_INVALID', 'nothing was created before it could be', {
      where: 'filter.createdBefore',
      fix: 'Pass a time after createdFrom.',
    });
  }
  return {
    ...(isAbsent(kind) ? {} : { kind }),
    ...(isAbsent(states) ? {} : { states: [...new Set(states)] }),
    ...(isAbsent(model) ? {} : { modelId: localId('Model', model, 'filter.model') }),
    ...(isAbsent(dataset) ? {} : { datasetId: localId('Dataset', dataset, 'filter.dataset') }),
    ...(isAbsent(name) ? {} : { name: cleanText(name) }),
    ...(isAbsent(labels) ? {} : { labels: labels.map((label) => requireLabel(label, 'filter.labels')) }),
    ...(isAbsent(task) ? {} : { task: cleanText(task) }),
    ...(isAbsent(createdBy) ? {} : { createdBy: cleanText(createdBy) }),
    ...(isAbsent(createdFrom) ? {} : { from: createdFrom }),
    ...(isAbsent(createdBefore) ? {} : { before: createdBefore }),
  };
}

/** As Prisma asks for them. */
export function whereOf({ states, labels, task, from, before, ...equal }: RunConditions): object {
  return {
    ...equal,
    ...(states ? { state: { in: [...states] } } : {}),
    ...(labels ? { labels: { hasEvery: [...labels] } } : {}),
    ...(task === undefined ? {} : { tasks: { has: task } }),
    ...(from || before ? { createdAt: { ...(from ? { gte: from } : {}), ...(before ? { lt: before } : {}) } } : {}),
  };
}

/** Whether a row that was read is one of them: what `whereOf` says, without the database. */
export function matches(conditions: RunConditions, row: RunRow): boolean {
  const { states, labels = [], task, from, before, kind, modelId, datasetId, name, createdBy } = conditions;
  const equal = { kind, modelId, datasetId, name, createdBy };
  return (
    Object.entries(equal).every(([field, wanted]) => wanted === undefined || row[field as keyof RunRow] === wanted) &&
    (states === undefined || states.includes(row.state)) &&
    labels.every((label) => row.labels.includes(label)) &&
    (task === undefined || row.tasks.includes(task)) &&
    (from === undefined || row.createdAt >= from) &&
    (before === undefined || row.createdAt < before)
  );
}
