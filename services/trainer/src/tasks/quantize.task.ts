import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { foldableNormalisations, foldNormalisations, learnedInitializers } from '@kneepoint/autodiff';
import { openDataset } from '@kneepoint/datasets';
import { encodeModel, Graph, inputSpec, type ModelProto, upgradeOpset } from '@kneepoint/onnx';
import { LEAST_OPSET } from '@kneepoint/pruning';
import { CENTRE } from '@kneepoint/regression';
import { batchSizeFor, shapesOf, type TaskContext } from '@kneepoint/runtime';
import {
  DEFAULT_TRAINING,
  describeModel,
  type FinetunedTask,
  networkEntries,
  type QuantizeInput,
  type QuantizeOutput,
} from '@kneepoint/workflow';
import { type NetworkFile, openNetwork } from '../network/open-network.ts';
import { calibrate } from '../quantize/calibrate.ts';
import { fallOf, inTrainingScale, roomAbove } from '../quantize/fall.ts';
import { borneBy, type Found, type Judged, searchQuantisation, withinRoom } from '../quantize/search.ts';
import { answersOf } from '../rows/answers.ts';
import { ImageRows } from '../rows/image-rows.ts';
import { partsOf } from '../targets/parts.ts';
import { LOGIT_OF_A_HALF, Targets } from '../targets/targets.ts';
import { QUANTIZED } from '../trained-file.ts';
import { judgeTasks } from '../training/judge-epoch.ts';

export interface QuantizeTaskInput {
  readonly job: QuantizeInput;
  readonly network: NetworkFile;
  readonly archivePath: string;
  readonly outFolder: string;
  /** The worst value of each task's metric on validation that keeps what was asked for. */
  readonly bounds?: readonly { readonly task: string; readonly bound: number }[];
}

export type QuantizeTaskOutput = Omit<QuantizeOutput, 'modelSha256'>;

/** Reads ranges in one pass over the training images, chooses and checks on validation, judges on test, and leaves `quantized.onnx` in the folder. */
export default async function quantizeNetwork(
  { job, network, archivePath, outFolder, bounds = [] }: QuantizeTaskInput,
  context: TaskContext,
): Promise<QuantizeTaskOutput> {
  const begun = performance.now();
  const dataset = await openDataset(archivePath);
  try {
    const { manifest } = dataset;
    const parts = partsOf(manifest, job.tasks, job.split.seed);
    const targets = new Targets(manifest, job.tasks, parts.train);
    const opened = await openNetwork(network, { targets: targets.width, outputName: 'answers' });
    // What was healed and never trained still answers as least squares do.
    const neutral = opened.logits ? LOGIT_OF_A_HALF : CENTRE;
    const float = await prepared(opened.model);
    const spec = inputSpec(float);
    const { augment } = DEFAULT_TRAINING.head;
    const source = ImageRows.of(dataset, spec, { ...job, augment, seed: job.split.seed });
    const batch = batchSizeFor(spec);
    const groups = parts.by === 'image' ? undefined : manifest.groups;
    const { signal } = context;
    // Whole numbers are for the CPU, and so is what they are compared with.
    const read = async (model: ModelProto, rows: Int32Array): Promise<Float32Array> => {
      const { values } = await answersOf({ model, rows, source, batch, provider: 'cpu', signal });
      return inTrainingScale(values, targets);
    };
    const judged = (validation: Float32Array, test: Float32Array): readonly FinetunedTask[] =>
      judgeTasks(targets, parts, { validation, test }, groups, neutral);
    const before = await read(float, parts.validation);
    const reference = judged(before, await read(float, parts.test));
    const judge = async (model: ModelProto): Promise<Judged> => {
      const answers = await read(model, parts.validation);
      return { answers, fall: fallOf(reference, targets, answers, parts.validation, neutral) };
    };
    const histograms = await calibrate({ model: float, rows: parts.train, source, batch }, context);
    const labelled = targets.tasks.map((task) => targets.labelled(task, parts.validation).length);
    const borne = borneBy(Math.min(...labelled));
    const room = roomAbove(bounds, reference);
    const search = (most: number): Promise<Found> =>
      searchQuantisation(float, histograms, { float: before, borne: most, judge });
    const { model, ...found } = await withinRoom(search, borne, room);
    const tasks = judged(await read(model, parts.validation), await read(model, parts.test));
    const written = encodeModel(
      describeModel(model, {
        ...networkEntries({
          ...{ tasks: job.tasks, preprocess: job.preprocess, dataset: job.datasetSha256 },
          thresholds: tasks.map(({ thresholds }) => thresholds),
          metrics: tasks.map(({ task, metric, test }) => ({ task, metric, test })),
        }),
        'kneepoint.quantized': {
          layers: found.layers.length,
          left: found.left.map(({ layer }) => layer),
          clipped: found.clipped,
        },
      }),
    );
    await writeFile(join(outFolder, QUANTIZED), written);
    return {
      tasks,
      quantisation: {
        ...found,
        images: parts.train.length,
        bytes: { float: encodeModel(opened.model).byteLength, whole: written.byteLength },
      },
      seconds: (performance.now() - begun) / 1000,
      provider: 'cpu',
      notes: found.left.map(({ layer, reason }) => `${layer} stays float: ${reason}`),
    };
  } finally {
    await dataset.close();
  }
}

/** With normalisations in the layers before them, and in an opset that has scales along an axis. */
async function prepared(model: ModelProto): Promise<ModelProto> {
  const shapes = await shapesOf(model);
  const trainable = new Set([...learnedInitializers(model).values()].map(({ name }) => name));
  const folded = foldNormalisations(model, foldableNormalisations(model, { trainable, shapes }));
  return new Graph(folded).opset >= LEAST_OPSET ? folded : upgradeOpset(folded, await shapesOf(folded)).model;
}
