import { number, numbers, PILLOW, type ReadExported, record } from './exported.ts';

/** Pillow's numbers of its filters: nearest, Lanczos (cubic comes next to it), bilinear, bicubic, box, Hamming. */
const KERNELS = ['nearest', 'cubic', 'linear', 'cubic', 'area', 'linear'];
/** ConvNeXt's processor cuts smaller pictures out of larger ones, and squeezes from here on. */
const LEAST_SQUEEZED = 384;

interface Sides {
  readonly height?: number;
  readonly width?: number;
  /** Of the short side, where that alone is said. */
  readonly short?: number;
}

/** `preprocessor_config.json` of an image processor: resizing, centre crop, rescaling and normalisation, in this order. */
export const readHuggingFace: ReadExported = (json) => {
  const known = ['image_mean', 'image_std', 'do_resize', 'do_rescale', 'do_normalize', 'rescale_factor'];
  if (!known.some((key) => key in json)) return undefined;
  const normalises = json.do_normalize !== false && numbers(json.image_mean) !== undefined;
  const mean = (normalises ? numbers(json.image_mean) : undefined) ?? [0];
  const std = (normalises ? numbers(json.image_std) : undefined) ?? [1];
  const factor = json.do_rescale === false ? 1 : (number(json.rescale_factor) ?? 1 / 255);
  const shift = json.rescale_offset === true || json.offset === true ? 1 : 0;
  const onOne = Math.abs(factor * 255 - 1) < 1e-6 && shift === 0;
  const scaled = (values: readonly number[], by: number): number[] => values.map((value) => (value + by) / factor);
  return {
    ...PILLOW,
    channels: json.do_flip_channel_order === true ? 'bgr' : 'rgb',
    range: onOne ? [0, 1] : [0, 255],
    mean: onOne ? mean : scaled(mean, shift),
    std: onOne ? std : scaled(std, 0),
    kernel: KERNELS[number(json.resample) ?? 2] ?? 'linear',
    ...fitOf(json),
  };
};

function fitOf(json: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const size = sidesOf(json.size);
  const crop = json.do_center_crop === true ? sidesOf(json.crop_size ?? json.size) : undefined;
  const share = number(json.crop_pct);
  const short = size.short ?? size.height;
  const sized = (sides: Sides): Readonly<Record<string, unknown>> => {
    const [height, width] = [sides.height ?? sides.short, sides.width ?? sides.short];
    return height && width ? { size: { width, height } } : {};
  };
  if (json.do_resize === false && !crop) return { fit: 'stretch' };
  if (crop) return { fit: 'crop', ...(short ? { shortSide: short } : {}), ...sized(crop) };
  if (share !== undefined && size.short) {
    return size.short < LEAST_SQUEEZED
      ? { fit: 'crop', cropShare: share, ...sized(size) }
      : { fit: 'stretch', ...sized(size) };
  }
  // A short side alone leaves the long one to the picture; a network of one size sees its middle.
  return size.short ? { fit: 'crop', shortSide: size.short, ...sized(size) } : { fit: 'stretch', ...sized(size) };
}

/** A number is both sides of a crop and the short side of a picture. */
function sidesOf(value: unknown): Sides {
  const side = number(value);
  if (side !== undefined) return { short: side };
  const { height, width, shortest_edge: short } = record(value) ?? {};
  return {
    ...(number(height) === undefined ? {} : { height: number(height)! }),
    ...(number(width) === undefined ? {} : { width: number(width)! }),
    ...(number(short) === undefined ? {} : { short: number(short)! }),
  };
}
