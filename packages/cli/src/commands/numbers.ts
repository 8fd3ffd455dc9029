import { Failure, type FailureCode } from '@kneepoint/failures';

/** --epsilon as a number; said here, before anything is imported. Throws EPSILON_INVALID. */
export function readEpsilon(text: string, option = '--epsilon'): number {
  const epsilon = text.trim() === '' ? NaN : Number(text);
  if (epsilon > 0 && epsilon < 1) return epsilon;
  throw new Failure('EPSILON_INVALID', `ε is "${text}"`, {
    where: option,
    fix: 'Pass a number greater than 0 and less than 1, such as 0.01.',
  });
}

/** --epsilon as a list, separated by commas. Throws EPSILON_INVALID. */
export function readEpsilons(text: string): readonly number[] {
  return text.split(',').map((part) => readEpsilon(part));
}

/** --min-filters as a part of a request; empty when it was not given. Throws MIN_FILTERS_INVALID. */
export function readMinFilters(text: string | undefined, option = '--min-filters'): { readonly minFilters?: number } {
  if (text === undefined) return {};
  const minFilters = Number(text);
  if (Number.isInteger(minFilters) && minFilters >= 1) return { minFilters };
  throw new Failure('MIN_FILTERS_INVALID', `the least number of filters is "${text}"`, {
    where: option,
    fix: 'Pass a whole number, 1 or more.',
  });
}

/** A numeric option as a member of a request; empty when it was not given. A number that is none would reach the gateway as null. */
export function readNumber(
  field: string,
  option: string,
  text: string | undefined,
  {
    whole = true,
    least = 0,
    code = 'TRAINING_OPTION_INVALID',
  }: { readonly whole?: boolean; readonly least?: number; readonly code?: FailureCode } = {},
): Readonly<Record<string, number>> {
  if (text === undefined) return {};
  const value = text.trim() === '' ? NaN : Number(text);
  if (Number.isFinite(value) && value >= least && (!whole || Number.isInteger(value))) return { [field]: value };
  throw new Failure(code, `${option} is "${text}"`, {
    where: option,
    fix: `Pass a ${whole ? 'whole ' : ''}number, ${least} or more.`,
  });
}

/** An option that names one of several. Throws TRAINING_OPTION_INVALID, or the code that is given. */
export function oneOf<Name extends string>(
  option: string,
  text: string,
  names: readonly Name[],
  code: FailureCode = 'TRAINING_OPTION_INVALID',
): Name {
  const name = names.find((candidate) => candidate === text);
  if (name !== undefined) return name;
  throw new Failure(code, `${option} is "${text}"`, {
    where: option,
    fix: `Choose one of: ${names.join(', ')}.`,
  });
}

/** --size as height and width in pixels, or one number for both; undefined when it was not given. Throws SIZE_INVALID. */
export function readSize(text: string | undefined): { readonly height: number; readonly width: number } | undefined {
  if (text === undefined) return undefined;
  const [, side, height = side, width = side] =
    /^(?:([1-9]\d{0,6})|([1-9]\d{0,3})[x×]([1-9]\d{0,3}))$/i.exec(text.trim()) ?? [];
  if (height && width) return { height: Number(height), width: Number(width) };
  throw new Failure('SIZE_INVALID', `the size is "${text}"`, {
    where: '--size',
    fix: 'Pass height and width in pixels, such as 224x224, or one number for both: 224.',
  });
}

/** --batch as a number or "free"; undefined when it was not given. Throws BATCH_INVALID. */
export function readBatch(text: string | undefined): 'free' | number | undefined {
  if (text === undefined || text === 'free') return text;
  if (/^[1-9]\d{0,4}$/.test(text.trim())) return Number(text);
  throw new Failure('BATCH_INVALID', `the batch is "${text}"`, {
    where: '--batch',
    fix: 'Pass free, or a whole number, 1 or more.',
  });
}
