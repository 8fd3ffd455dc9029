/** Input values of one batch, 4 MB of float32: the activations of a wide network are a hundred times as much. */
const BATCH_VALUES = 1e6;
const MOST_IMAGES = 32;

/**
 * How many images of this size go through a model at once, 1 to 32, so that activations stay bounded whatever the network; as many as it
 * takes where its batch is fixed.
 */
export function batchSizeFor(size: {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly batch?: number | 'free';
}): number {
  if (typeof size.batch === 'number') return size.batch;
  const values = size.channels * size.height * size.width;
  return Math.max(1, Math.min(MOST_IMAGES, Math.floor(BATCH_VALUES / values)));
}
