import { Failure } from '@kneepoint/failures';
import { GRID_CELLS } from '@kneepoint/onnx';
import { openResponses } from './read-responses.ts';

export interface JoinedColumn {
  readonly layer: string;
  /** How many images the shards hold in all. */
  readonly images: number;
  readonly channels: number;
  /** The averages on the grid in place of those over all positions. */
  readonly grid?: boolean;
}

/**
 * One layer's responses from its shards, in image order: images × channels, or images × 4·channels of its grid; undefined where it has no grid.
 * Throws INTERNAL when the shards hold another number of images, and what `openResponses` and its `column` throw.
 */
export async function joinResponses(
  paths: readonly string[],
  { layer, images, channels, grid = false }: JoinedColumn,
): Promise<Float32Array | undefined> {
  const width = grid ? GRID_CELLS * channels : channels;
  const joined = new Float32Array(images * width);
  let offset = 0;
  for (const path of paths) {
    const file = await openResponses(path);
    const shard = grid ? file.grid(layer) : file.column(layer);
    if (!shard) return undefined;
    if (offset + shard.length > joined.length) break;
    joined.set(shard, offset);
    offset += shard.length;
  }
  if (offset === joined.length) return joined;
  throw new Failure('INTERNAL', `the shards of ${layer} hold ${offset / width} images, the data set ${images}`);
}
