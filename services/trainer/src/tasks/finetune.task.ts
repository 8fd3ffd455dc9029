import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { learnedInitializers, trainingStep } from '@kneepoint/autodiff';
import { type Dataset, openDataset } from '@kneepoint/datasets';
import { elementCount, encodeModel, inputSpec, type ModelProto } from '@kneepoint/onnx';
import { resolveProvider, type TaskContext } from '@kneepoint/runtime';
import { checkTraining, type FinetuneInput, type FinetuneOutput } from '@kneepoint/workflow';
import { describeTraining } from '../describe-training.ts';
import { readHead, writeHead } from '../network/head.ts';
import { type NetworkFile, openNetwork } from '../network/open-network.ts';
import { fromScratch } from '../network/scratch.ts';
import { headSubject, networkSubject, type Subject } from '../network/subject.ts';
import { answersOf } from '../rows/answers.ts';
import { ImageRows } from '../rows/image-rows.ts';
import { Pixels } from '../rows/pixels.ts';
import { foldScale, leastSquaresScale, unfoldScale, unitScale } from '../targets/answer-scale.ts';
import { checkData } from '../targets/check-data.ts';
import { lossTerms } from '../targets/loss-terms.ts';
import { type Parts, partsOf } from '../targets/parts.ts';
import { Targets } from '../targets/targets.ts';
import { readCheckpoint } from '../training/checkpoint-file.ts';
import { fit, type Fitted } from '../training/fit.ts';
import { judgeTasks } from '../training/judge-epoch.ts';
import { TRAINED } from '../trained-file.ts';
import { Teacher } from '../training/teacher.ts';

export interface FinetuneTaskInput {
  readonly job: FinetuneInput;
  readonly network: NetworkFile;
  readonly teacher?: NetworkFile;
  readonly archivePath: string;
  /** A checkpoint of the same job to go on from. */
  readonly resumePath?: string;
  readonly outFolder: string;
}

export type FinetuneTaskOutput = Omit<FinetuneOutput, 'modelSha256'>;

/** What all stages work on. */
interface Scene {
  readonly input: FinetuneTaskInput;
  readonly context: TaskContext;
  readonly dataset: Dataset;
  readonly parts: Parts;
  readonly targets: Targets;
  readonly notes: string[];
}

/**
 * Trains an image → task network: split, targets and network in one scale, the loop, the best epoch judged on test. Leaves `trained.onnx` in the
 * folder; its values are in their units again, its classes logits.
 */
export default async function finetune(input: FinetuneTaskInput, context: TaskContext): Promise<FinetuneTaskOutput> {
  checkTraining(input.job.settings);
  const dataset = await openDataset(input.archivePath);
  try {
    const { tasks, split } = input.job;
    const parts = partsOf(dataset.manifest, tasks, split.seed);
    const targets = new Targets(dataset.manifest, tasks, parts.train);
    const notes = [...checkData(targets, parts)];
    if (tasks.length > 1 && parts.by === 'image' && dataset.manifest.groups !== undefined) {
      notes.push('the split is by image, because one of the tasks tells the subjects apart');
    }
    return await train({ input, context, dataset, parts, targets, notes });
  } finally {
    await dataset.close();
  }
}

async function train(scene: Scene): Promise<FinetuneTaskOutput> {
  const { input, context, dataset, parts, targets, notes } = scene;
  const { mode, settings, distill } = input.job;
  const opened = await openNetwork(input.network, headOf(scene));
  const images = imageRows(scene, opened.model);
  const startCounts = mode === 'whole' && !opened.fresh;
  const model = await startingPoint(scene, opened, images);
  const still = settings.augment.crop === 0 && !settings.augment.flip;
  const subject =
    mode === 'head' && still && !input.teacher
      ? await headSubject(model, images, parts, { total: dataset.manifest.images.length, context })
      : networkSubject(model, images, { headOnly: mode === 'head', freeze: settings.freeze });

  const batch = Math.min(settings.batchSize, parts.train.length);
  if (batch < settings.batchSize) {
    notes.push(`batches hold ${batch} images, not ${settings.batchSize}: there are no more for training`);
  }
  const terms = lossTerms(targets, parts.train, readHead(subject.model).output, settings, distill);
  const step = trainingStep({
    model: subject.model,
    shapes: await subject.shapes(batch),
    trainable: subject.trainable,
    batchNorm: mode === 'head' ? 'frozen' : settings.batchNorm,
    target: await resolveProvider(context.provider),
    loss: terms.map(({ term }) => term),
    optimizer: optimizerOf(settings.optimizer),
    weightDecay: settings.optimizer.weightDecay ?? 0,
    ...(settings.clipNorm === null ? {} : { clipNorm: settings.clipNorm }),
  });
  const teacher = input.teacher && (await openTeacher(scene, input.teacher, images));
  try {
    const resume = input.resumePath === undefined ? undefined : await readCheckpoint(input.resumePath);
    const { model: start, source, evaluationBatch } = subject;
    const fitted = await fit({
      model: start,
      step,
      source,
      evaluationBatch,
      targets,
      parts,
      terms,
      settings,
      teacher,
      startCounts,
      resume,
      context,
    });
    return await finish(scene, subject, images, fitted);
  } finally {
    await teacher?.release();
  }
}

/** The network as training begins: it answers in the training scale. */
async function startingPoint(
  scene: Scene,
  { model, fresh, logits }: Awaited<ReturnType<typeof openNetwork>>,
  images: ImageRows,
): Promise<ModelProto> {
  const { mode, settings } = scene.input.job;
  if (mode === 'scratch') return fromScratch(model, settings.seed);
  const head = readHead(model);
  if (mode === 'head' || fresh) {
    return writeHead(model, { weights: head.weights.map(() => 0), bias: head.bias.map(() => 0) });
  }
  return inTrainingScale(scene, model, logits, images);
}

async function inTrainingScale(
  { parts, targets, context }: Scene,
  model: ModelProto,
  logits: boolean,
  images: ImageRows,
): Promise<ModelProto> {
  if (logits) return writeHead(model, foldScale(readHead(model), unitScale(targets)));
  const { validation: rows } = parts;
  const { provider, signal } = context;
  const { values } = await answersOf({ model, rows, source: images, batch: 32, provider, signal });
  return writeHead(model, foldScale(readHead(model), leastSquaresScale(targets, Float64Array.from(values), rows)));
}

async function openTeacher(scene: Scene, file: NetworkFile, images: ImageRows): Promise<Teacher> {
  const { model, logits } = await openNetwork(file, headOf(scene));
  return Teacher.open(await inTrainingScale(scene, model, logits, images), scene.context.provider);
}

function imageRows({ input, dataset, notes }: Scene, model: ModelProto): ImageRows {
  const { preprocess, settings, tasks } = input.job;
  const { crop, flip } = settings.augment;
  const forbidding = tasks.filter(({ mirror }) => mirror === undefined);
  if (flip && forbidding.length > 0) {
    const names = forbidding.map(({ name }) => name).join(', ');
    notes.push(`images are not mirrored: the data set does not say what that does to ${names}`);
  }
  const spec = inputSpec(model);
  const augment = { crop, flip: flip && forbidding.length === 0, seed: settings.seed };
  return new ImageRows(new Pixels(dataset, preprocess, spec), spec, preprocess, augment);
}

/** Judges the best epoch, writes its network, and says what happened. */
async function finish(scene: Scene, subject: Subject, images: ImageRows, fitted: Fitted): Promise<FinetuneTaskOutput> {
  const { input, context, parts, targets, notes } = scene;
  const { weights, counters, stoppedEarly, steps, provider } = fitted;
  const trained = subject.finish(weights);
  const answers = async (rows: Int32Array): Promise<Float32Array> => {
    const { signal } = context;
    const request = { model: trained, rows, source: images, batch: 32, provider: context.provider, signal };
    return (await answersOf(request)).values;
  };
  const tasks = judgeTasks(targets, parts, {
    validation: await answers(parts.validation),
    test: await answers(parts.test),
  });
  const bestEpoch = counters.best!.epoch;
  const inUnits = writeHead(trained, unfoldScale(readHead(trained), unitScale(targets)));
  await writeFile(
    join(input.outFolder, TRAINED),
    encodeModel(describeTraining(inUnits, { job: input.job, tasks, bestEpoch })),
  );
  const learned = [...learnedInitializers(trained).values()];
  const count = (own: readonly { readonly dims: readonly number[] }[]): number =>
    own.reduce((sum, { dims }) => sum + elementCount(dims), 0);
  return {
    tasks,
    bestEpoch,
    epochs: counters.epochs,
    stoppedEarly,
    seconds: counters.trainSeconds + counters.validationSeconds,
    imagesPerSecond: counters.trainSeconds > 0 ? counters.images / counters.trainSeconds : 0,
    steps,
    provider,
    parameters: count(learned),
    trainedParameters: count(learned.filter(({ name }) => subject.trainable.has(name))),
    split: {
      by: parts.by,
      train: parts.train.length,
      validation: parts.validation.length,
      test: parts.test.length,
    },
    notes,
  };
}

function headOf({ targets, input }: Scene): { readonly targets: number; readonly outputName: string } {
  const { tasks } = input.job;
  return { targets: targets.width, outputName: tasks.length === 1 ? tasks[0]!.name : 'answers' };
}

function optimizerOf({ kind, momentum, nesterov }: FinetuneInput['settings']['optimizer']) {
  if (kind !== 'sgd') return { kind };
  return {
    kind,
    ...(momentum === undefined ? {} : { momentum }),
    ...(nesterov === undefined ? {} : { nesterov }),
  };
}
