import type { Manifest } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import {
  type Cell,
  judge,
  judgeChance,
  metricOf,
  splitTask,
  takeRows,
  type TaskSpec,
  TEST,
  TRAIN,
  VALIDATION,
} from '@kneepoint/regression';
import { readResponses } from '@kneepoint/runtime';
import type { MetricStages } from '@kneepoint/workflow';

/** Rows of a data set by part, for the split on which the curves were computed: the first trial. */
export interface Parts {
  /** One entry per row; 3 where the task has no label. */
  readonly split: Uint8Array;
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
  /** What was kept together: the subject's column, or "image". */
  readonly by: string;
}

/** The first trial's split over the labelled rows, exactly as the regression makes it. */
export function splitParts(manifest: Manifest, spec: TaskSpec, seed: number): Parts {
  const splitBy = manifest.splitBy[spec.name]!;
  const task = { spec, labels: manifest.labels[spec.name]!, splitBy };
  const split = splitTask(task, { rows: manifest.images.length, groups: manifest.groups, seed, trial: 0 });
  const of = (part: number): Int32Array => Int32Array.from(split.keys()).filter((row) => split[row] === part);
  return {
    split,
    train: of(TRAIN),
    validation: of(VALIDATION),
    test: of(TEST),
    by: splitBy === 'group' ? manifest.subject! : 'image',
  };
}

/** The layer that probes best on validation. */
export function bestLayer(layers: readonly { readonly layer: string; readonly cell: Cell }[]): string {
  return layers.reduce((best, candidate) => {
    const [a, b] = [candidate.cell.validation, best.cell.validation];
    return (candidate.cell.higherIsBetter ? a > b : a < b) ? candidate : best;
  }).layer;
}

/** One layer's responses from its shards, in image order. */
export async function readShards(paths: readonly string[], layer: string, values: number): Promise<Float32Array> {
  const all = new Float32Array(values);
  let offset = 0;
  for (const path of paths) {
    const shard = await readResponses(path, layer);
    if (offset + shard.length > values) break;
    all.set(shard, offset);
    offset += shard.length;
  }
  if (offset !== values)
    throw new Failure('INTERNAL', `the shards of ${layer} hold ${offset} values where ${values} were expected`);
  return all;
}

/** What the pruned network and a constant say on the test rows. `scores`: N × targets as the network gives them. */
export function testMetrics(
  task: TaskSpec,
  labels: Float64Array,
  { train, test }: Parts,
  { scores, thresholds }: { readonly scores: Float64Array; readonly thresholds: readonly number[] },
): Pick<MetricStages, 'name' | 'higherIsBetter' | 'chance' | 'pruned'> {
  const targets = task.targets.length;
  const truth = takeRows(labels, test, targets);
  return {
    ...metricOf(task),
    chance: judgeChance(task, takeRows(labels, train, targets), truth),
    pruned: judge(task, takeRows(scores, test, targets), truth, thresholds).value,
  };
}
