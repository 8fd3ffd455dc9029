import type { ModelProto } from '@kneepoint/onnx';
import { analyzeChannels, type Shapes } from '@kneepoint/pruning';
import { Random } from '@kneepoint/regression';
import { byKnees, criterionOf, type CutRequest, type PruneOptions } from '@kneepoint/workflow';
import { measureDamage } from './damage.ts';
import { measureFilters } from './measure-filters.ts';
import type { Images } from './run-over.ts';
import type { HeadTask } from './starting-point.ts';

export interface NetworkToMeasure {
  /** Image → tasks. */
  readonly network: ModelProto;
  readonly shapes: Shapes;
  readonly tasks: readonly HeadTask[];
  readonly images: Images;
  /** Training images. */
  readonly rows: Int32Array;
  readonly options: PruneOptions;
  /** MACs of the network that this one is compared with, in place of ε or target. */
  readonly equalMacs?: number | undefined;
  readonly seed: number;
}

/**
 * What planning a cut of this network goes by beside curves: its channels, what the criterion reads of images, and the damage that widths are decided
 * by, where not the curves' knees alone decide. Throws what running a network and its derivatives throws.
 */
export async function measureNetwork({
  network,
  shapes,
  tasks,
  images,
  rows,
  options,
  equalMacs,
  seed,
}: NetworkToMeasure): Promise<Required<Pick<CutRequest, 'analysis' | 'statistics' | 'measured'>>> {
  const analysis = analyzeChannels(network, shapes);
  // What is measured takes the first so many: of a set that is listed class by class these would be of one class.
  const drawn = Random.seeded(seed).shuffle(Int32Array.from(rows));
  const measured = await measureFilters(criterionOf(options), {
    ...{ network, taps: analysis.taps, tasks, images },
    rows: drawn,
  });
  if (byKnees(options) && equalMacs === undefined) return { analysis, measured, statistics: undefined };
  const statistics = await measureDamage({ network, analysis, images, rows: drawn, seed, tasks });
  return { analysis, measured, statistics };
}
