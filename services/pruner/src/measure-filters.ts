import type { ModelProto } from '@kneepoint/onnx';
import type { Tap } from '@kneepoint/pruning';
import type { CriterionName } from '@kneepoint/workflow';
import { type Images, pooledOver } from './run-over.ts';
import type { HeadTask } from './starting-point.ts';
import { taylorScores } from './taylor.ts';

/** Images that are enough for the mean size of a response. */
const MOST_ROWS = 1000;

export interface FilterRequest {
  /** Image → tasks. */
  readonly network: ModelProto;
  readonly taps: readonly Tap[];
  readonly tasks: readonly HeadTask[];
  readonly images: Images;
  /** Training images. */
  readonly rows: Int32Array;
}

/** What a criterion that reads images measures of every filter, by layer; undefined for one that reads none. */
export async function measureFilters(
  criterion: CriterionName,
  { network, taps, tasks, images, rows }: FilterRequest,
): Promise<ReadonlyMap<string, Float64Array> | undefined> {
  if (criterion === 'taylor') return taylorScores(network, taps, tasks, { images, rows });
  if (criterion !== 'activation') return undefined;
  const { responses } = await pooledOver(network, taps, images, rows.subarray(0, MOST_ROWS));
  return new Map(taps.map(({ layer, channels }) => [layer, meanMagnitudes(responses.get(layer)!, channels)]));
}

/** The mean of each column's absolute value. */
function meanMagnitudes(responses: Float32Array, columns: number): Float64Array {
  const means = new Float64Array(columns);
  const rows = responses.length / columns;
  responses.forEach((value, at) => (means[at % columns]! += Math.abs(value) / rows));
  return means;
}
