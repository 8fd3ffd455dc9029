import { activate, deactivate, lambda, padded, signs, slope, state } from './state';
import { at, column, diagonal, readColumn, sweep } from './tableau';

/** The filter at position k becomes active with that sign. */
export function join(k: i32, sign: f64): void {
  readColumn(k);
  const d = load<f64>(at(diagonal, k));
  const w = (load<f64>(at(state, k)) - lambda * sign) / d;
  const m = (load<f64>(at(slope, k)) + sign) / d;
  spread(w, m, 1 / d);
  store<f64>(at(state, k), w);
  store<f64>(at(slope, k), m);
  activate(k, sign);
  sweep(k, 1 / d, 1 / d);
}

/** The filter at position k, whose coefficient has come to 0, becomes inactive. */
export function drop(k: i32): void {
  readColumn(k);
  const d = load<f64>(at(diagonal, k));
  const sign = load<f64>(at(signs, k));
  const m = load<f64>(at(slope, k)) / d;
  spread(load<f64>(at(state, k)) / d, m, 1 / d);
  store<f64>(at(state, k), lambda * sign);
  store<f64>(at(slope, k), -m - sign);
  deactivate(k);
  sweep(k, 1 / d, -1 / d);
}

/** Carries the change of the pivot's coefficient to every other entry, and the pivot's share to the diagonal. */
export function spread(w: f64, m: f64, inverse: f64): void {
  const tw = f64x2.splat(w);
  const tm = f64x2.splat(m);
  const ti = f64x2.splat(inverse);
  for (let o: usize = 0; o < <usize>padded * 8; o += 16) {
    const v = v128.load(column + o);
    v128.store(state + o, f64x2.sub(v128.load(state + o), f64x2.mul(v, tw)));
    v128.store(slope + o, f64x2.sub(v128.load(slope + o), f64x2.mul(v, tm)));
    v128.store(diagonal + o, f64x2.sub(v128.load(diagonal + o), f64x2.mul(f64x2.mul(v, v), ti)));
  }
}
