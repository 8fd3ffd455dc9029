import { Failure } from '@kneepoint/failures';
import { hasAlpha, type Preprocess } from './preprocess.ts';

/** What one image becomes: channels × height × width. */
export interface InputSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * The size of a model's image input from its shape N × C × H × W; null (or ≤ 0) where the graph leaves an axis open,
 * which the preprocessing then decides.
 * @throws PREPROCESS_CHANNELS, PREPROCESS_SIZE_MISSING
 */
export function inputSize(shape: readonly (number | null)[], preprocess: Preprocess): InputSize {
  const [, c, h, w] = shape.map((axis) => (axis !== null && axis > 0 ? axis : undefined));
  if (shape.length !== 4 || (c !== undefined && c !== 1 && c !== 3 && c !== 4)) {
    throw new Failure(
      'PREPROCESS_CHANNELS',
      `the model input is ${shape.map((axis) => axis ?? '?').join(' x ')}, not N x C x H x W of 1, 3 or 4 channels`,
      {
        where: 'model input',
        fix: 'use a model that reads grey (1), colour (3) or transparent (4) images as N x C x H x W',
      },
    );
  }
  const channels = c ?? (preprocess.channels === 'grey' ? 1 : hasAlpha(preprocess) ? 4 : 3);
  checkChannels(channels, preprocess);
  const height = h ?? preprocess.size?.height;
  const width = w ?? preprocess.size?.width;
  if (height === undefined || width === undefined) {
    throw new Failure('PREPROCESS_SIZE_MISSING', 'the model leaves its image size open', {
      where: 'preprocess.size',
      fix: 'add "size": { "width": W, "height": H } to the preprocessing',
    });
  }
  return { channels, height, width };
}

/**
 * `grey` also feeds a model with three channels, with three equal ones; four channels are `rgba` or `bgra`, and nothing else is. `mean` and `std` have one value or one per channel.
 */
export function checkChannels(channels: number, preprocess: Preprocess): void {
  const fits = hasAlpha(preprocess)
    ? channels === 4
    : channels === 3 || (channels === 1 && preprocess.channels === 'grey');
  if (!fits) {
    const message = `the preprocessing says ${preprocess.channels}, the model reads ${channels} channel(s)`;
    const fix = FIXES[channels] ?? 'use a model with 1, 3 or 4 channels';
    throw new Failure('PREPROCESS_CHANNELS', message, { where: 'preprocess.channels', fix });
  }
  for (const key of ['mean', 'std'] as const) {
    const { length } = preprocess[key];
    if (length === 1 || length === channels) continue;
    throw new Failure('PREPROCESS_CHANNELS', `"${key}" has ${length} values, the model reads ${channels} channel(s)`, {
      where: `preprocess.${key}`,
      fix: 'give one value, or one per channel in the order of "channels"',
    });
  }
}

const FIXES: Readonly<Record<number, string>> = {
  1: 'declare "grey"',
  3: 'declare "rgb", "bgr" or "grey"',
  4: 'declare "rgba" or "bgra"',
};
