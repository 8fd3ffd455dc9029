import { cubic, type Kernel, TRIANGLE } from './kernels.ts';

export type KernelName = 'nearest' | 'linear' | 'cubic' | 'area';

/** `antialias`: as Pillow, where a filter widens with the reduction. `plain`: as OpenCV and tf.image, where it never does. */
export type Resampling = 'antialias' | 'plain';

/** Pixels `from` up to but not including `to` of an axis of `source` pixels that is resized to `target` pixels. */
export interface Stretch {
  readonly source: number;
  readonly target: number;
  readonly from: number;
  readonly to: number;
}

/** Which pixels of the source make each wanted pixel: `count` neighbours from `start` on, with weights that sum to 1. */
export interface Axis {
  readonly start: Int32Array;
  readonly count: Int32Array;
  /** `taps` places for each wanted pixel, of which the first `count` are used. */
  readonly weights: Float64Array;
  readonly taps: number;
}

/** The centre of pixel i lies at i + 0.5 on either grid, as in Pillow, OpenCV, tf.image and torchvision. */
export function resampleAxis(stretch: Stretch, kernel: KernelName, resampling: Resampling): Axis {
  switch (kernel) {
    case 'nearest':
      return nearest(stretch);
    case 'area':
      return area(stretch);
    case 'linear':
      return resampling === 'antialias' ? antialiased(stretch, TRIANGLE) : interpolated(stretch, TRIANGLE);
    case 'cubic':
      return resampling === 'antialias' ? antialiased(stretch, cubic(-0.5)) : interpolated(stretch, cubic(-0.75));
  }
}

/** Pillow's coefficients (its Resample.c): the filter is widened by the reduction, cut off at the edges, and its weights sum to 1. */
function antialiased(stretch: Stretch, { support, weight }: Kernel): Axis {
  const { source } = stretch;
  const scale = source / stretch.target;
  const widened = Math.max(1, scale);
  const reach = support * widened;
  const narrow = 1 / widened;
  return build(stretch, Math.ceil(reach) * 2 + 1, (pixel) => {
    const centre = (pixel + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(source, Math.trunc(centre + reach + 0.5));
    return {
      first,
      weights: Array.from({ length: end - first }, (_, i) => weight((first + i - centre + 0.5) * narrow)),
    };
  });
}

/** The filter between the nearest pixels whatever the reduction; beyond an edge lies the edge's own pixel. */
function interpolated(stretch: Stretch, { support, weight }: Kernel): Axis {
  const { source } = stretch;
  const scale = source / stretch.target;
  return build(stretch, 2 * support, (pixel) => {
    const centre = (pixel + 0.5) * scale - 0.5;
    const left = Math.floor(centre) - support + 1;
    const inside = (at: number): number => Math.min(source - 1, Math.max(0, at));
    const first = inside(left);
    const weights = new Array<number>(inside(left + 2 * support - 1) - first + 1).fill(0);
    for (let i = 0; i < 2 * support; i += 1) weights[inside(left + i) - first]! += weight(left + i - centre);
    return { first, weights };
  });
}

/** The mean of what the pixel covers, parts of pixels by their share. */
function area(stretch: Stretch): Axis {
  const { source } = stretch;
  const scale = source / stretch.target;
  return build(stretch, Math.ceil(scale) + 1, (pixel) => {
    const begin = pixel * scale;
    const end = (pixel + 1) * scale;
    const first = Math.min(source - 1, Math.floor(begin));
    const last = Math.max(first + 1, Math.min(source, Math.ceil(end)));
    return {
      first,
      weights: Array.from({ length: last - first }, (_, i) =>
        Math.max(0, Math.min(end, first + i + 1) - Math.max(begin, first + i)),
      ),
    };
  });
}

/** Added up pixel by pixel, as Pillow does: where a centre falls between two pixels, the rounding of that sum decides. */
function nearest(stretch: Stretch): Axis {
  const { source, target, to } = stretch;
  const scale = source / target;
  const centres = new Float64Array(to);
  for (let i = 0, centre = scale / 2; i < to; i += 1, centre += scale) centres[i] = centre;
  return build(stretch, 1, (pixel) => ({ first: Math.min(source - 1, Math.floor(centres[pixel]!)), weights: [1] }));
}

function build(
  { from, to }: Stretch,
  taps: number,
  window: (pixel: number) => { readonly first: number; readonly weights: readonly number[] },
): Axis {
  const axis = {
    start: new Int32Array(to - from),
    count: new Int32Array(to - from),
    weights: new Float64Array((to - from) * taps),
    taps,
  };
  for (let i = 0; i < to - from; i += 1) {
    const { first, weights } = window(from + i);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    // A filter ends in zeros where a centre lies on a pixel or between two: those pixels need not be read.
    let [begin, end] = [0, weights.length];
    while (end - begin > 1 && weights[end - 1] === 0) end -= 1;
    while (end - begin > 1 && weights[begin] === 0) begin += 1;
    axis.start[i] = first + begin;
    axis.count[i] = end - begin;
    for (let tap = begin; tap < end; tap += 1) axis.weights[i * taps + tap - begin] = weights[tap]! / sum;
  }
  return axis;
}
