import { Failure } from '@kneepoint/failures';

/**
 * `count` values of λ from `lambdaMax` down to lambdaMax / ratio in a geometric sequence (paper §5), largest first.
 * All 0 when lambdaMax is 0. Throws REGRESSION_SETTING_INVALID.
 */
export function sampleLambdas(lambdaMax: number, count = 100, ratio = 1e4): Float64Array {
  if (!Number.isFinite(lambdaMax) || lambdaMax < 0) invalid('lambdaMax', lambdaMax, 'a finite number of 0 or more');
  if (!Number.isInteger(count) || count < 1) invalid('count', count, 'a whole number from 1 on');
  if (!(ratio > 1 && Number.isFinite(ratio))) invalid('ratio', ratio, 'a finite number over 1');
  const lambdas = new Float64Array(count);
  for (let i = 0; i < count; i++) lambdas[i] = lambdaMax * ratio ** (count === 1 ? 0 : -i / (count - 1));
  return lambdas;
}

function invalid(where: string, value: number, fix: string): never {
  throw new Failure('REGRESSION_SETTING_INVALID', `${where} is ${value}`, { where, fix });
}
