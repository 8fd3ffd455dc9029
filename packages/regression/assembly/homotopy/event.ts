import { allocate } from '../shared/memory';
import { filterAt, lambda, padded, signs, size, slope, state, variance } from './state';
import { at, diagonal } from './tableau';

/** A filter with less than this share of its variance left beside the active ones is collinear with them. */
const COLLINEAR: f64 = 1e-12;
/** Variance cannot be negative; by more than this share it is not rounding. */
const NEGATIVE: f64 = -1e-3;
/** Closing speeds under this are parallel to the bound: they cannot cross it by more than this share of lambda. */
const PARALLEL: f64 = 1e-11;

/** The nearest event found so far: after which step, at which position (-1: none), with which sign it joins (0: it is dropped). */
export let nearest: f64 = 0;
export let nearestIndex: i32 = -1;
export let nearestSign: f64 = 0;
/** Marks, by filter, those that reached the bound while collinear with the active ones. */
export let refused: usize = 0;

export function layoutEvents(): void {
  refused = allocate(<usize>padded * 4);
}

/** More than any correlation: keeps active filters out of the test for inactive ones. */
const FAR: f64 = 1e300;

/** Finds the nearest event within `reach`; false when the Gram matrix turns out indefinite. */
export function findEvent(reach: f64): bool {
  nearest = reach;
  nearestIndex = -1;
  nearestSign = 0;
  const none = f64x2.splat(0);
  const far = f64x2.splat(FAR);
  let t = f64x2.splat(reach);
  let bound = f64x2.splat(lambda - reach);
  for (let i = 0; i < padded; i += 2) {
    // Two filters at a time: is w past 0, or |q| past lambda, after the step that is the nearest so far?
    const own = v128.load(at(signs, i));
    const there = f64x2.add(v128.load(at(state, i)), f64x2.mul(t, v128.load(at(slope, i))));
    const passed = v128.or(
      f64x2.lt(f64x2.mul(own, there), none),
      f64x2.gt(f64x2.abs(there), f64x2.add(bound, f64x2.mul(f64x2.abs(own), far))),
    );
    if (!v128.any_true(passed)) continue;
    if (!consider(i) || !consider(i + 1)) return false;
    t = f64x2.splat(nearest);
    bound = f64x2.splat(lambda - nearest);
  }
  return true;
}

/** Makes position i the nearest event if it is; false when its remaining variance is negative beyond rounding. */
function consider(i: i32): bool {
  const own = load<f64>(at(signs, i));
  const x = load<f64>(at(state, i));
  const m = load<f64>(at(slope, i));
  if (own !== 0) {
    const speed = -own * m;
    const room = max(own * x, 0);
    if (speed <= 0 || room >= nearest * speed) return true;
    nearest = room / speed;
    nearestIndex = i;
    nearestSign = 0;
    return true;
  }
  const up = 1 + m;
  const down = 1 - m;
  let room = max(lambda - x, 0);
  let toward: f64 = 0;
  if (up > PARALLEL && room < nearest * up) {
    toward = 1;
    room /= up;
  }
  const other = max(lambda + x, 0);
  if (down > PARALLEL && other < (toward !== 0 ? room : nearest) * down) {
    toward = -1;
    room = other / down;
  }
  if (toward === 0) return true;
  const left = load<f64>(at(diagonal, i));
  const whole = load<f64>(at(variance, i));
  if (left <= COLLINEAR * whole) {
    if (left < NEGATIVE * whole) return false;
    if (whole > 0) store<i32>(refused + (<usize>filterAt(i) << 2), 1);
    return true;
  }
  nearest = room;
  nearestIndex = i;
  nearestSign = toward;
  return true;
}

/** Marks what lies at the bound at the end of the path and is collinear with the active filters. */
export function refuseCollinear(): void {
  for (let i = 0; i < size; i++) {
    const whole = load<f64>(at(variance, i));
    if (load<f64>(at(signs, i)) !== 0 || whole <= 0 || load<f64>(at(diagonal, i)) > COLLINEAR * whole) continue;
    if (abs(load<f64>(at(state, i))) >= lambda * (1 - 1e-9)) store<i32>(refused + (<usize>filterAt(i) << 2), 1);
  }
}
