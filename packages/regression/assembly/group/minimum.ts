// A row by itself: where its own part of the objective is least while all others stay (block soft-thresholding, Yuan and Lin 2006).

import { change, lambda, residual, row, weight, wide } from './state';

/** Length of q + own w of the row that was looked at last. */
export let length: f64 = 0;

/** Leaves q + own w of row j in `change`; the row is least at that times the factor that is returned, 0 where it vanishes. */
export function minimumOfRow(j: i32, own: f64): f64 {
  const w = row(weight, j);
  const q = row(residual, j);
  let square: f64 = 0;
  for (let o: usize = 0; o < wide; o += 8) {
    const z = load<f64>(q + o) + own * load<f64>(w + o);
    store<f64>(change + o, z);
    square += z * z;
  }
  length = sqrt(square);
  return length <= lambda ? 0 : (1 - lambda / length) / own;
}
