import { consumerInputs } from '@kneepoint/pruning';
import type { PlannedCut } from '@kneepoint/workflow';
import { type Images, pooledOver } from './run-over.ts';

/** Enough images for a mean; more would only cost time. */
const MOST_ROWS = 512;

/**
 * The mean of each channel over training images and positions, at the input of every contraction that loses channels: what
 * the removed ones said on average. By value name; a value whose channels lie along another axis is left out.
 */
export async function meansOfInputs(
  { network, plan, shapes }: PlannedCut,
  images: Images,
  trainRows: Int32Array,
): Promise<ReadonlyMap<string, Float64Array>> {
  const values = [
    ...new Set(consumerInputs(network, shapes, plan).flatMap(({ value, axis }) => (axis === 1 ? [value] : []))),
  ];
  if (values.length === 0) return new Map();
  const rows = trainRows.subarray(0, MOST_ROWS);
  const taps = values.map((value) => ({ layer: value, value, channels: shapes.get(value)![1]! }));
  const { responses } = await pooledOver(network, taps, images, rows);
  return new Map(taps.map(({ value, channels }) => [value, columnMeans(responses.get(value)!, channels)]));
}

function columnMeans(rows: Float32Array, columns: number): Float64Array {
  const means = new Float64Array(columns);
  const count = rows.length / columns;
  for (let at = 0; at < rows.length; at++) means[at % columns]! += rows[at]! / count;
  return means;
}
