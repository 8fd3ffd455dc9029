import type { ModelProto } from '@kneepoint/onnx';
import { analyzeChannels, rotate, type Shapes } from '@kneepoint/pruning';
import { Random } from '@kneepoint/regression';
import { byKnees, criterionOf, type CutRequest, type PruneOptions } from '@kneepoint/workflow';
import { measureDamage } from './damage.ts';
import { measureFilters } from './measure-filters.ts';
import { sameAnswers } from './prove-surgery.ts';
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

/** What is cut, and what planning goes by. */
export interface MeasuredNetwork extends Required<
  Pick<CutRequest, 'network' | 'analysis' | 'statistics' | 'measured'>
> {
  /** Layers whose filters are directions of a space, the first of which say most: they keep a rank. */
  readonly rotated: ReadonlySet<string>;
  /** Layers that could have been, had the rotated network answered the same. */
  readonly unrotated: ReadonlySet<string>;
}

/**
 * What planning a cut of this network goes by beside curves: its channels, what the criterion reads of images, and the damage that widths are decided
 * by, where not the curves' knees alone decide. By damage itself the network comes back rotated wherever its channels are linear inside, so that what
 * is cut there is a rank; one that does not answer the same to float32's precision does not. Throws what running a network and its derivatives throws.
 */
export async function measureNetwork(
  { network, shapes, tasks, images, rows, options, equalMacs, seed }: NetworkToMeasure,
  isSame = sameAnswers,
): Promise<MeasuredNetwork> {
  const analysis = analyzeChannels(network, shapes);
  const criterion = criterionOf(options);
  // What is measured takes the first so many: of a set that is listed class by class these would be of one class.
  const drawn = Random.seeded(seed).shuffle(Int32Array.from(rows));
  const measured = await measureFilters(criterion, {
    ...{ network, taps: analysis.taps, tasks, images },
    rows: drawn,
  });
  const none: ReadonlySet<string> = new Set();
  if (byKnees(options) && equalMacs === undefined)
    return { network, analysis, measured, statistics: undefined, rotated: none, unrotated: none };
  const statistics = await measureDamage({ network, analysis, images, rows: drawn, seed, tasks });
  const turned = criterion === 'damage' ? rotate(network, analysis, statistics) : undefined;
  if (!turned || !(await isSame(network, turned.model, images, { rows: drawn, seed })))
    return { network, analysis, measured, statistics, rotated: none, unrotated: turned?.layers ?? none };
  return {
    ...{ network: turned.model, measured, statistics: turned.statistics, rotated: turned.layers, unrotated: none },
    analysis: analyzeChannels(turned.model, shapes),
  };
}
