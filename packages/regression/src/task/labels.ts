import { Failure } from '@kneepoint/failures';
import { KINDS } from '../kinds/registry.ts';
import type { LabelledTask } from './spec.ts';

/**
 * Indices of the rows that carry a label, ascending. A NaN in any target means that the row has none; where each target is a label by
 * itself (`TaskKind.partial`), one that is known is enough.
 * Throws REGRESSION_SHAPE, REGRESSION_NOT_FINITE (infinite), REGRESSION_LABEL_INVALID (not a value of the type).
 */
export function labelledRows({ spec, labels }: LabelledTask, rows: number): Int32Array {
  const targets = spec.targets.length;
  if (labels.length !== rows * targets) {
    throw new Failure(
      'REGRESSION_SHAPE',
      `task "${spec.name}" has ${labels.length} labels for ${rows} rows × ${targets} targets`,
      {
        where: spec.name,
        fix: `${rows * targets} labels`,
      },
    );
  }
  const kind = KINDS[spec.type];
  const present: number[] = [];
  for (let row = 0; row < rows; row++) {
    const all = labels.subarray(row * targets, (row + 1) * targets);
    const { missing, infinite } = count(all);
    if (missing === targets || (missing > 0 && !kind.partial)) continue;
    const values = missing > 0 ? all.filter((value) => !Number.isNaN(value)) : all;
    if (infinite > 0) {
      throw new Failure('REGRESSION_NOT_FINITE', `task "${spec.name}" has an infinite label in row ${row}`, {
        where: `row ${row}`,
        fix: 'a finite label, or none',
      });
    }
    const problem = kind.labelProblem(values, spec);
    if (problem !== undefined) {
      throw new Failure('REGRESSION_LABEL_INVALID', `task "${spec.name}" (${spec.type}), row ${row}: ${problem}`, {
        where: `row ${row}`,
        fix: `a label of a ${spec.type} task`,
      });
    }
    present.push(row);
  }
  return Int32Array.from(present);
}

/** A loop, because every layer asks this of every label. */
function count(labels: Float64Array): { readonly missing: number; readonly infinite: number } {
  let [missing, infinite] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (Number.isNaN(label)) missing++;
    else if (!Number.isFinite(label)) infinite++;
  }
  return { missing, infinite };
}

/** A Gram matrix of this many filters takes half a gigabyte. */
const MOST_FILTERS = 8192;

/** Throws REGRESSION_SHAPE, REGRESSION_TOO_LARGE or REGRESSION_NOT_FINITE unless `responses` is rows × filters of finite numbers; returns the filters. */
export function countFilters(responses: Float32Array, rows: number): number {
  const filters = responses.length / rows;
  if (!Number.isInteger(filters) || filters < 1) {
    throw new Failure('REGRESSION_SHAPE', `${responses.length} responses do not make ${rows} rows`, {
      fix: 'rows × filters responses, row-major',
    });
  }
  if (filters > MOST_FILTERS) {
    throw new Failure('REGRESSION_TOO_LARGE', `${filters} filters are over the limit of ${MOST_FILTERS}`, {
      fix: `at most ${MOST_FILTERS} filters in a layer`,
    });
  }
  for (let i = 0; i < responses.length; i++) {
    if (Number.isFinite(responses[i])) continue;
    const row = Math.floor(i / filters);
    throw new Failure('REGRESSION_NOT_FINITE', `filter ${i % filters} answers ${responses[i]} in row ${row}`, {
      where: `row ${row}, filter ${i % filters}`,
      fix: 'finite responses',
    });
  }
  return filters;
}

/** Copies `rows` of a row-major matrix of `columns` columns. */
export function takeRows(matrix: Float64Array, rows: Int32Array, columns: number): Float64Array {
  const taken = new Float64Array(rows.length * columns);
  rows.forEach((row, i) => taken.set(matrix.subarray(row * columns, (row + 1) * columns), i * columns));
  return taken;
}
