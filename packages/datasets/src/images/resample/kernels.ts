/** A filter by its weight at a distance from the centre, in pixels, and how far it reaches to each side. */
export interface Kernel {
  readonly support: number;
  readonly weight: (distance: number) => number;
}

/** Linear interpolation. */
export const TRIANGLE: Kernel = {
  support: 1,
  weight: (distance) => Math.max(0, 1 - Math.abs(distance)),
};

/**
 * Cubic convolution with the slope `a` at distance 1 (Keys 1981). Libraries differ in it: Pillow, and everybody's antialiased one, take
 * −0.5; OpenCV takes −0.75.
 */
export function cubic(a: number): Kernel {
  return {
    support: 2,
    weight: (distance) => {
      const x = Math.abs(distance);
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    },
  };
}
