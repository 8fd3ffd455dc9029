import fc from 'fast-check';

/** How many random cases a property draws: KNEEPOINT_CASES asks for more than a quick run does. */
export const cases = (quick: number): { readonly numRuns: number; readonly seed?: number } =>
  process.env.KNEEPOINT_CASES === undefined
    ? // The same cases in every quick run: a failure there is of the change at hand.
      { numRuns: quick, seed: 1 }
    : { numRuns: Number(process.env.KNEEPOINT_CASES) };

/** Attributes of a sliding window over `rank` axes, with a kernel that fits the input. */
export interface WindowCase {
  readonly large: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** In front of every axis, then behind; smaller than the kernel. */
  readonly pads: readonly number[];
}

/** Windows of rank 1 or 2 with strides, dilations and asymmetric pads. */
export const windows = (dilated = true): fc.Arbitrary<WindowCase> =>
  fc.integer({ min: 1, max: 2 }).chain((rank) => {
    const each = (max: number, min = 1) => fc.array(fc.integer({ min, max }), { minLength: rank, maxLength: rank });
    return fc
      .record({
        kernel: each(3),
        strides: each(3),
        dilations: dilated ? each(2) : fc.constant(Array.from({ length: rank }, () => 1)),
        front: each(2, 0),
        behind: each(2, 0),
        extra: each(4, 0),
      })
      .map(({ kernel, strides, dilations, front, behind, extra }) => {
        const pads = [...front, ...behind].map((pad, i) => Math.min(pad, kernel[i % rank]! - 1));
        const large = kernel.map((size, axis) => dilations[axis]! * (size - 1) + 1 + extra[axis]!);
        return { large, kernel, strides, dilations, pads };
      });
  });
