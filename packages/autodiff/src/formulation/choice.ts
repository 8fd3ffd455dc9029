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
  const { byProduct, byFlipped, bySpacing, byTransposed } = INPUT_GRADIENTS;
  return choose(site, [byProduct, byFlipped, bySpacing, byTransposed]).emit(site);
}

function weightGradientOf({ emit, large, window, group }: WeightGradientSite) {
  const { byProduct, byDepthwise, byElements, byColumns, byMovedTaps, byJoinedTaps, byShifts, byTaps } =
    WEIGHT_GRADIENTS;
  const channels = emit.shape(large)[1]! / group;
  const positions = window.small.reduce((a, b) => a * b, 1);
  // Products of one row or column are no work for a matrix kernel: 64 channels @ 16 by elements 2.6, as a convolution 4.6, but
  // 0.3 as a convolution in blocks.
  const always = [byProduct, byDepthwise, byElements];
  // 3 → 16 @ 64: columns 3.0, taps 5.8, moved taps 6.1; the copies of few channels are cheap, the product is what costs.
  if (channels < 8) return [...always, byColumns];
  // 16 → 16 @ 64: shifts 9.3, moved taps 11.2, taps 12.6, columns 16.4.
  if (positions >= 4096) return [...always, byShifts, byMovedTaps, byTaps];
  // Joined, moved taps, on an Intel Xeon. 512 → 512 @ 4: 25, 65; 256 → 256 @ 8: 18, 22; 128 → 128 @ 16: 19.1, 20.4; 64 → 64 @ 8: 1.3, 1.4;
  // but 64 → 64 @ 32: 27.3, 25.1.
  if (positions <= 2 * channels) return [...always, byJoinedTaps, byTaps];
  // Moved taps, taps, columns. 16 → 16 @ 32: 2.3, 2.4, 4.5; 32 → 32 @ 32: 5.6, 5.7, 10.0; 64 → 64 @ 16: 4.2, 5.1, 7.2;
  // 128 → 128 @ 8: 4.2, 5.1, 6.3; at stride 2, 32 → 64 @ 16: 0.8, 1.4, 1.5.
  return [...always, byMovedTaps, byTaps];
}

function choose<S, F extends { applies(this: void, site: S): boolean }>(site: S, options: readonly F[]): F {
  return options.find((option) => option.applies(site)) ?? options.at(-1)!;
}
