import { Failure } from '@kneepoint/failures';
import type { Preprocess } from './preprocess.ts';

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
  if (shape.length !== 4 || (c !== undefined && c !== 1 && c !== 3)) {
    throw new Failure(
      'PREPROCESS_CHANNELS',
      `the model input is ${shape.map((axis) => axis ?? '?').join(' x ')}, not N x 1 x H x W or N x 3 x H x W`,
      {
        where: 'model input',
        fix: 'use a model that reads grey or colour images as N x C x H x W',
      },
    );
  }
  const channels = c ?? (preprocess.channels === 'grey' ? 1 : 3);
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

/** `grey` also feeds a model with three channels, with three equal ones. `mean` and `std` have one value or one per channel. */
export function checkChannels(channels: number, preprocess: Preprocess): void {
  if (channels !== 3 && (channels !== 1 || preprocess.channels !== 'grey')) {
    const message = `the preprocessing says ${preprocess.channels}, the model reads ${channels} channel(s)`;
    const fix = channels === 1 ? 'declare "grey"' : 'use a model with 1 or 3 channels';
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
