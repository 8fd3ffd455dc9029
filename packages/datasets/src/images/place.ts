import { fitOf } from './fit.ts';
import type { InputSize } from './input-size.ts';
import type { Preprocess } from './preprocess.ts';
import type { Stretch } from './resample/axis.ts';

/** Which part of the resized picture is drawn, and where its first pixel lies in the input; around it is the background. */
export interface Placement {
  readonly columns: Stretch;
  readonly rows: Stretch;
  readonly left: number;
  readonly top: number;
}

/** How a picture of this size comes to fill the network's input. */
export function place(
  width: number,
  height: number,
  preprocess: Preprocess,
  size: Pick<InputSize, 'width' | 'height'>,
): Placement {
  const resized = resizedTo(width, height, preprocess, size);
  const corner = fitOf(preprocess.fit) === 'letterbox' && preprocess.place === 'top-left';
  const across = overlap(width, resized.width, size.width, corner);
  const down = overlap(height, resized.height, size.height, corner);
  return { columns: across.stretch, rows: down.stretch, left: across.offset, top: down.offset };
}

function resizedTo(
  width: number,
  height: number,
  preprocess: Preprocess,
  size: Pick<InputSize, 'width' | 'height'>,
): { readonly width: number; readonly height: number } {
  switch (fitOf(preprocess.fit)) {
    case 'crop':
      return covering(width, height, preprocess, size);
    case 'letterbox': {
      const scale = Math.min(size.width / width, size.height / height);
      const side = (length: number, most: number): number => Math.min(most, Math.max(1, Math.round(length * scale)));
      return { width: side(width, size.width), height: side(height, size.height) };
    }
    default:
      return size;
  }
}

/** torchvision's Resize: the short side becomes `shortSide` and the long one its share, cut off to whole pixels. */
function covering(
  width: number,
  height: number,
  { shortSide, cropShare = 1 }: Preprocess,
  size: Pick<InputSize, 'width' | 'height'>,
): { readonly width: number; readonly height: number } {
  // So much that a share which is meant to give a whole number does.
  const grown = (side: number): number => Math.floor(side / cropShare + 1e-6);
  const least = shortSide === undefined ? { width: grown(size.width), height: grown(size.height) } : undefined;
  const byWidth = least ? least.width * height >= least.height * width : width <= height;
  const [given, other] = byWidth ? [width, height] : [height, width];
  const fixed = byWidth ? (least?.width ?? shortSide ?? 1) : (least?.height ?? shortSide ?? 1);
  const long = Math.max(1, Math.floor((fixed * other) / given));
  return byWidth ? { width: fixed, height: long } : { width: long, height: fixed };
}

/** One axis: what is larger than the input is cut on both sides, what is smaller lies in its middle, or at its beginning. */
function overlap(
  source: number,
  target: number,
  wanted: number,
  atStart: boolean,
): { readonly stretch: Stretch; readonly offset: number } {
  if (target > wanted) {
    const from = halfToEven((target - wanted) / 2);
    return { stretch: { source, target, from, to: from + wanted }, offset: 0 };
  }
  const offset = atStart ? 0 : Math.floor((wanted - target) / 2);
  return { stretch: { source, target, from: 0, to: target }, offset };
}

/** Python's round, with which torchvision places its crops. */
function halfToEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
