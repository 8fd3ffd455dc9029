import { activations } from './activations.ts';
import { arithmetic } from './arithmetic.ts';
import { averagePool } from './average-pool.ts';
import { batchNormalization } from './batch-normalization.ts';
import { convTranspose } from './conv-transpose.ts';
import { conv } from './conv.ts';
import { divisiveNormalization } from './divisive-normalization.ts';
import { dropout } from './dropout.ts';
import { extrema } from './extrema.ts';
import { flat } from './flat.ts';
import { gaussian } from './gaussian.ts';
import { indexing } from './indexing.ts';
import { matrixProduct } from './matrix-product.ts';
import { maxPool } from './max-pool.ts';
import { movement } from './movement.ts';
import { normalization } from './normalization.ts';
import { reductions } from './reductions.ts';
import { resize } from './resize.ts';
import type { RuleSet } from './rule.ts';
import { softmax } from './softmax.ts';

/** One rule per operator of the default domain: how it is placed and differentiated. A new operator is a line here. */
export const RULES: RuleSet = {
  ...activations,
  ...arithmetic,
  ...averagePool,
  ...batchNormalization,
  ...conv,
  ...convTranspose,
  ...divisiveNormalization,
  ...dropout,
  ...extrema,
  ...flat,
  ...gaussian,
  ...indexing,
  ...matrixProduct,
  ...maxPool,
  ...movement,
  ...normalization,
  ...reductions,
  ...resize,
  ...softmax,
};
