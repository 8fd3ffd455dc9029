import { Failure } from '@kneepoint/failures';

interface Named {
  readonly name: string;
}

/** Refuses a setting of a term. Throws TRAINING_OPTION_INVALID. */
export function option(
  term: Named,
  field: string,
  value: number,
  allowed: (value: number) => boolean,
  bounds: string,
): number {
  if (Number.isFinite(value) && allowed(value)) return value;
  throw new Failure('TRAINING_OPTION_INVALID', `${field} is ${value}`, {
    where: `loss ${term.name}`,
    fix: `a number ${bounds}`,
  });
}

/** A list of one positive number per column, or nothing. Throws TRAINING_OPTION_INVALID. */
export function onePerColumn(
  term: Named,
  field: string,
  values: readonly number[] | undefined,
  columns: number,
): readonly number[] | undefined {
  if (values === undefined) return undefined;
  if (values.length !== columns) {
    throw new Failure('TRAINING_OPTION_INVALID', `${field} has ${values.length} entries for ${columns} columns`, {
      where: `loss ${term.name}`,
      fix: 'one per column of the answer',
    });
  }
  values.forEach((value, i) => option(term, `${field}[${i}]`, value, (v) => v > 0, 'above 0'));
  return values;
}
