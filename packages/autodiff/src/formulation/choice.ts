import { INPUT_GRADIENTS, type InputGradientSite } from './conv-input-gradient.ts';
import { WEIGHT_GRADIENTS, type WeightGradientSite } from './conv-weight-gradient.ts';

/**
 * Which formulation is emitted where: the first entry that applies. What is computed never depends on it.
 * Figures are processor milliseconds on one core for batch 32 and kernels of 3 × 3, as channels in → out @ size.
 */

/** The weight gradient of a convolution, O × C/group × kernel.... */
export function weightGradient(site: WeightGradientSite): string {
  return choose(site, weightGradientOf(site)).emit(site);
}

/** The input gradient of a convolution, N × C × large.... */
export function inputGradient(site: InputGradientSite): string {
  const { byProduct, byFlipped, byTransposed } = INPUT_GRADIENTS;
  return choose(site, [byProduct, byFlipped, byTransposed]).emit(site);
}

function weightGradientOf({ emit, large, window, group }: WeightGradientSite) {
  const { byProduct, byElements, byColumns, byOneProduct, byShifts, byTaps } = WEIGHT_GRADIENTS;
  const channels = emit.shape(large)[1]! / group;
  const positions = window.small.reduce((a, b) => a * b, 1);
  // Products of one row or column are no work for a matrix kernel.
  const always = [byProduct, byElements];
  // 3 → 16 @ 64: columns 3.0, taps 5.8, shifts 7.4: with few channels the copies are cheap and the product is what costs.
  if (channels < 8) return [...always, byColumns];
  // 128 → 128 @ 8: one product 4.9, taps 5.0, columns 6.1; 64 → 128 @ 8 with two threads: 3.2 against 5.2 for taps.
  if (positions <= 64) return [...always, byOneProduct, byTaps];
  // 16 → 16 @ 64: shifts 9.9, taps 13.1, columns 17.2.
  if (positions >= 4096) return [...always, byShifts, byTaps];
  // 16 → 32 @ 32: taps 3.6, shifts 4.4, columns 5.2; 32 → 32 @ 32: 5.7, 6.5, 10.0; 64 → 64 @ 16: 5.0, 6.1, 7.2.
  return [...always, byTaps];
}

function choose<S, F extends { applies(this: void, site: S): boolean }>(site: S, options: readonly F[]): F {
  return options.find((option) => option.applies(site)) ?? options.at(-1)!;
}
