/** How stored values of a DICOM picture become levels of grey (part 3, C.7.6.3, C.11.1 and C.11.2). */
export interface Levels {
  readonly bits: number;
  readonly signed: boolean;
  readonly slope: number;
  readonly intercept: number;
  /** The first window of the file. */
  readonly window?: { readonly centre: number; readonly width: number; readonly shape: string };
  /** MONOCHROME1: the least value is white. */
  readonly inverted: boolean;
}

export interface Grey {
  readonly values: Uint8Array | Uint16Array;
  readonly most: number;
  readonly reading: string;
}

/** Levels by the window, as bytes; without one by the bits that are stored, as they are. */
export function greyLevels(stored: ArrayLike<number>, levels: Levels): Grey {
  const { bits, signed, window } = levels;
  const flip = levels.inverted !== (window === undefined && levels.slope < 0);
  if (window === undefined) {
    const most = 2 ** bits - 1;
    const least = signed ? 2 ** (bits - 1) : 0;
    const values = bits > 8 ? new Uint16Array(stored.length) : new Uint8Array(stored.length);
    for (let i = 0; i < values.length; i += 1) values[i] = flip ? most - stored[i]! - least : stored[i]! + least;
    return { values, most, reading: `${bits} bits stored (DICOM): scaled by ${most}` };
  }
  const values = new Uint8Array(stored.length);
  for (let i = 0; i < values.length; i += 1) {
    const share = shareOf(stored[i]! * levels.slope + levels.intercept, window);
    values[i] = Math.round(255 * (flip ? 1 - share : share));
  }
  return { values, most: 255, reading: 'a window (DICOM): what is below it is black, above it white' };
}

/** From 0 to 1: C.11.2.1.2 (linear) and C.11.2.1.3 (exact, sigmoid). */
function shareOf(value: number, { centre, width, shape }: NonNullable<Levels['window']>): number {
  if (shape === 'SIGMOID') return 1 / (1 + Math.exp((-4 * (value - centre)) / width));
  const [middle, span] = shape === 'LINEAR_EXACT' ? [centre, width] : [centre - 0.5, width - 1];
  if (value <= middle - span / 2) return 0;
  if (value > middle + span / 2) return 1;
  return (value - middle) / span + 0.5;
}
