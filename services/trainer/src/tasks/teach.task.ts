import { join } from 'node:path';
import { openDataset } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { inputSpec } from '@kneepoint/onnx';
import { batchSizeFor, type TaskContext } from '@kneepoint/runtime';
import type { TeachInput, TeachOutput } from '@kneepoint/workflow';
import { readHead, writeHead } from '../network/head.ts';
import { type NetworkFile, openNetwork } from '../network/open-network.ts';
import { answersOf } from '../rows/answers.ts';
import { copiesOf } from '../rows/copies.ts';
import { ImageRows } from '../rows/image-rows.ts';
import { foldScale, leastSquaresScale, unfoldScale, unitScale } from '../targets/answer-scale.ts';
import { partsOf } from '../targets/parts.ts';
import { Targets } from '../targets/targets.ts';
import { writeAnswers } from '../targets/teacher-answers.ts';
import { ANSWERS } from '../trained-file.ts';

export interface TeachTaskInput {
  readonly job: TeachInput;
  readonly network: NetworkFile;
  readonly archivePath: string;
  readonly outFolder: string;
}

export type TeachTaskOutput = Omit<TeachOutput, 'answersSha256'>;

/** Asks a network about every variant of the training images and leaves its answers in the folder. */
export default async function teach(input: TeachTaskInput, context: TaskContext): Promise<TeachTaskOutput> {
  const { job } = input;
  const dataset = await openDataset(input.archivePath);
  try {
    const parts = partsOf(dataset.manifest, job.tasks, job.split.seed);
    const targets = new Targets(dataset.manifest, job.tasks, parts.train);
    const opened = await openNetwork(input.network, { targets: targets.width, outputName: 'answers' });
    if (opened.fresh) {
      throw new Failure('TRAINING_OPTION_INVALID', 'the network that teaches has no head for these tasks', {
        where: 'distill',
        fix: 'a network that a pruning or training made for them',
      });
    }
    const images = ImageRows.of(dataset, inputSpec(opened.model), job);
    const { provider, signal } = context;
    const request = { source: images, batch: batchSizeFor(inputSpec(opened.model)), provider, signal };
    // A head of least squares answers near 0 and 1; what is learned are logits.
    const head = readHead(opened.model);
    const unit = unitScale(targets);
    const asked = async (): Promise<Float64Array> =>
      Float64Array.from((await answersOf({ ...request, model: opened.model, rows: parts.validation })).values);
    const scale = opened.logits ? unit : leastSquaresScale(targets, await asked(), parts.validation);
    const inUnits = unfoldScale({ ...head, ...foldScale(head, scale) }, unit);
    const model = writeHead(opened.model, inUnits);
    const copies = copiesOf(images.augment);
    const total = parts.train.length * copies;
    const answers: Float32Array[] = [];
    let ran = '';
    for (let copy = 0; copy < copies; copy++) {
      const onBatch = (done: number): void =>
        context.progress({
          done: copy * parts.train.length + done,
          total,
          unit: 'images',
          message: 'asking the teacher',
        });
      const { values, provider: used } = await answersOf({ ...request, model, rows: parts.train, copy, onBatch });
      const all = new Float32Array(dataset.manifest.images.length * targets.width).fill(Number.NaN);
      parts.train.forEach((row, i) =>
        all.set(values.subarray(i * targets.width, (i + 1) * targets.width), row * targets.width),
      );
      answers.push(all);
      ran = used;
    }
    await writeAnswers(join(input.outFolder, ANSWERS), answers, targets.width);
    return { copies, images: parts.train.length, provider: ran };
  } finally {
    await dataset.close();
  }
}
