/** How a Resize finds the place of an output element among the input elements, and what it makes of its neighbours. */
export interface Interpolation {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly coordinates: string;
  /** Of nearest. */
  readonly rounding: string;
  /** Of cubic: the a of Keys 1981. */
  readonly cubicCoefficient: number;
}

/** One axis that is resized. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Output elements per input element as the node says, which need not be to / from. */
  readonly scale: number;
}

/**
 * The weights with which input elements make up output elements, along one axis: to × from, row-major, rows summing to 1.
 * Undefined where the way to find the place is unknown. Source: the definition of Resize, opset 18.
 */
export function interpolationMatrix(interpolation: Interpolation, stretch: Stretch): Float64Array | undefined {
  const { from, to } = stretch;
  const matrix = new Float64Array(to * from);
  for (let i = 0; i < to; i++) {
    const at = place(interpolation.coordinates, i, stretch);
    const taps = at === undefined ? undefined : tapsAt(interpolation, at);
    if (!taps) return undefined;
    // Neighbours beyond the border are the border.
    for (const [j, weight] of taps) matrix[i * from + Math.min(Math.max(j, 0), from - 1)]! += weight;
  }
  return matrix;
}

/** How often each input element is repeated, where the matrix does nothing but that. */
export function repetition(matrix: Float64Array, { from, to }: Stretch): number | undefined {
  const times = to / from;
  if (!Number.isInteger(times)) return undefined;
  const repeats = matrix.every((weight, k) => {
    const [i, j] = [Math.floor(k / from), k % from];
    return weight === (Math.floor(i / times) === j ? 1 : 0);
  });
  return repeats ? times : undefined;
}

function place(coordinates: string, i: number, { from, to, scale }: Stretch): number | undefined {
  const centred = (i + 0.5) / scale - 0.5;
  switch (coordinates) {
    case 'half_pixel':
      return centred;
    case 'half_pixel_symmetric':
      return (from / 2) * (1 - to / (from * scale)) + centred;
    case 'pytorch_half_pixel':
      return to > 1 ? centred : 0;
    case 'align_corners':
      return to > 1 ? (i * (from - 1)) / (to - 1) : 0;
    case 'asymmetric':
      return i / scale;
    default:
      return undefined;
  }
}

function tapsAt(interpolation: Interpolation, at: number): readonly (readonly [number, number])[] | undefined {
  const { mode, rounding, cubicCoefficient: a } = interpolation;
  const low = Math.floor(at);
  const rest = at - low;
  if (mode === 'nearest') {
    const index = rounded(rounding, at);
    return index === undefined ? undefined : [[index, 1]];
  }
  if (mode === 'linear') {
    return [
      [low, 1 - rest],
      [low + 1, rest],
    ];
  }
  const near = (d: number) => (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  const far = (d: number) => a * (d ** 3 - 5 * d ** 2 + 8 * d - 4);
  return [
    [low - 1, far(1 + rest)],
    [low, near(rest)],
    [low + 1, near(1 - rest)],
    [low + 2, far(2 - rest)],
  ];
}

function rounded(rounding: string, at: number): number | undefined {
  switch (rounding) {
    case 'round_prefer_floor':
      return Math.ceil(at - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(at + 0.5);
    case 'floor':
      return Math.floor(at);
    case 'ceil':
      return Math.ceil(at);
    default:
      return undefined;
  }
}
