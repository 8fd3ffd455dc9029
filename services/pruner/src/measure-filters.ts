import { Failure } from '@kneepoint/failures';
import { analyzeChannels, type LinearHead } from '@kneepoint/pruning';
import { type CriterionName, type TapReference, truncateAt } from '@kneepoint/workflow';
import type { Images } from './run-over.ts';
import type { StartingPoint } from './starting-point.ts';
import { taylorScores } from './taylor.ts';

/** What a criterion that reads images measures of every filter, by layer; undefined for one that reads none. */
export async function measureFilters(
  criterion: CriterionName,
  start: Pick<StartingPoint, 'model' | 'shapes' | 'layer' | 'tasks' | 'parts' | 'responsesOf'> & {
    readonly head: LinearHead;
    /** Where the extraction has read. */
    readonly stored: readonly TapReference[];
  },
  images: Images,
): Promise<ReadonlyMap<string, Float64Array> | undefined> {
  if (criterion !== 'activation' && criterion !== 'taylor') return undefined;
  const { network, shapes } = truncateAt(start);
  const { taps } = analyzeChannels(network, shapes);
  const { train } = start.parts;
  if (criterion === 'taylor') return taylorScores(network, taps, start.tasks, { images, rows: train });
  const measured = new Map<string, Float64Array>();
  const read = taps.filter(({ layer }) => start.stored.some((tap) => tap.layer === layer));
  for (const { layer, channels } of read) {
    images.context.progress({
      done: measured.size,
      total: read.length,
      unit: 'layers',
      message: 'ranking by responses',
    });
    if (images.context.signal.aborted) throw new Failure('RUNTIME_CANCELED', 'canceled while ranking filters');
    measured.set(layer, meanMagnitudes(await start.responsesOf(layer), channels, train));
  }
  return measured;
}

/** The mean of each column's absolute value over some rows. */
function meanMagnitudes(responses: Float32Array, columns: number, rows: Int32Array): Float64Array {
  const means = new Float64Array(columns);
  for (const row of rows) {
    for (let column = 0; column < columns; column++) {
      means[column]! += Math.abs(responses[row * columns + column]!) / rows.length;
    }
  }
  return means;
}
