import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { learnedInitializers, trainingStep } from '@kneepoint/autodiff';
import { type Dataset, openDataset } from '@kneepoint/datasets';
import { elementCount, encodeModel, inputSpec, type ModelProto } from '@kneepoint/onnx';
import { linearScores } from '@kneepoint/regression';
import { resolveProvider, type TaskContext } from '@kneepoint/runtime';
import { checkTraining, type FinetuneInput, type FinetuneOutput } from '@kneepoint/workflow';
import { describeTraining } from '../describe-training.ts';
import { featuresOf } from '../network/features.ts';
import { type Head, readHead, writeHead } from '../network/head.ts';
import { type NetworkFile, type OpenedNetwork, openNetwork } from '../network/open-network.ts';
import { fromScratch } from '../network/scratch.ts';
import { type FeatureScale, featureScale, featureSize, toStandardised } from '../network/standardise.ts';
import { hasStatistics, recalibrated, statisticsOf } from '../network/statistics.ts';
import { headSubject, networkSubject, type Subject } from '../network/subject.ts';
import { answersOf } from '../rows/answers.ts';
import { ImageRows } from '../rows/image-rows.ts';
import { Pixels } from '../rows/pixels.ts';
import { foldScale, leastSquaresScale, unfoldScale, unitScale } from '../targets/answer-scale.ts';
import { checkData } from '../targets/check-data.ts';
import { LENGTHS, startHead } from '../targets/start-head.ts';
import { lossTerms } from '../targets/loss-terms.ts';
import { type Parts, partsOf } from '../targets/parts.ts';
import { Targets } from '../targets/targets.ts';
import { convolutionBlock } from '../training/block.ts';
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
  const opened = await openNetwork(input.network, { targets: targets.width, outputName: outputName(input.job) });
  const images = imageRows(scene, opened.model);
  const batchNorm = batchNormOf(scene, opened.model);
  const { model, scale, given, heads } = await startingPoint(scene, opened, images, batchNorm);
  const still = settings.augment.crop === 0 && !settings.augment.flip;
  const subject =
    mode === 'head' && still && !input.teacher
      ? await headSubject(model, images, parts, { total: dataset.manifest.images.length, context })
      : networkSubject(model, images, { headOnly: mode === 'head', freeze: settings.freeze, scale });

  const batch = Math.min(settings.batchSize, parts.train.length);
  if (batch < settings.batchSize) {
    notes.push(`batches hold ${batch} images, not ${settings.batchSize}: there are no more for training`);
  }
  const terms = lossTerms(targets, parts.train, readHead(subject.model).output, settings, distill);
  const target = await resolveProvider(context.provider);
  const step = trainingStep({
    model: subject.model,
    shapes: await subject.shapes(batch),
    trainable: subject.trainable,
    batchNorm,
    target,
    block: await convolutionBlock(target),
    loss: terms.map(({ term }) => term),
    optimizer: optimizerOf(settings.optimizer),
    weightDecay: settings.optimizer.weightDecay ?? 0,
    ...(settings.clipNorm === null ? {} : { clipNorm: settings.clipNorm }),
  });
  const teacher = input.teacher && (await openTeacher(scene, input.teacher, images));
  try {
    const resume = input.resumePath === undefined ? undefined : await readCheckpoint(input.resumePath);
    const { model: start, source, evaluationBatch } = subject;
    const ofHead = (head: Linear) => headWeights(start, scale ? toStandardised(head, scale) : head);
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
      given: given && new Map([...statisticsOf(opened.model), ...ofHead(given)]),
      starts: heads?.map(ofHead),
      resume,
      context,
    });
    return await finish(scene, subject, images, fitted);
  } finally {
    await teacher?.release();
  }
}

interface StartingPoint {
  /** Answers in the training scale. */
  readonly model: ModelProto;
  /** Of the features that the head reads, where they are worth standardising. */
  readonly scale?: FeatureScale;
  /** The head that the network came with, in the training scale. */
  readonly given?: Linear;
  /** Heads to begin with; the best is found by trial. */
  readonly heads?: readonly Linear[];
}

type Linear = Pick<Head, 'weights' | 'bias'>;

/** The network as training begins. */
async function startingPoint(
  { input, context, parts, targets }: Scene,
  { model, fresh, logits }: OpenedNetwork,
  images: ImageRows,
  batchNorm: 'frozen' | 'train',
): Promise<StartingPoint> {
  const { mode, settings } = input.job;
  if (mode === 'scratch') return { model: fromScratch(model, settings.seed) };
  const head = readHead(model);
  const rows = Int32Array.from([...parts.train, ...parts.validation]);
  const ofTraining = (features: Float32Array, width: number) => features.subarray(0, parts.train.length * width);
  const read = (network: ModelProto) => featuresOf(network, images, rows, context);
  if (mode === 'head') {
    const { features, width } = await read(model);
    const zero = { weights: head.weights.map(() => 0), bias: head.bias.map(() => 0) };
    return { model: writeHead(model, zero), scale: featureScale(ofTraining(features, width), width) };
  }
  const { train } = parts;
  const moved =
    batchNorm === 'train' ? await recalibrated(model, images, { targets, train, settings, context }) : model;
  const { features, width } = await read(moved);
  const scale = featureSize(ofTraining(features, width), width);
  const made = LENGTHS.map((longest) => startHead(targets, parts, features, scale, longest));
  if (fresh) return { model: moved, scale, heads: made };
  const given = logits ? foldScale(head, unitScale(targets)) : await foldedAnswers();
  // Behind other statistics the head that came with the network answers to other features than it was made for.
  return { model: moved, scale, given, heads: moved === model ? [...made, given] : made };

  async function foldedAnswers(): Promise<Linear> {
    const before = moved === model ? features : (await read(model)).features;
    const unseen = Int32Array.from(parts.validation.keys(), (i) => train.length + i);
    const answers = linearScores(before, unseen, head.weights, head.bias);
    return foldScale(head, leastSquaresScale(targets, answers, parts.validation));
  }
}

/** What normalisations do in this training. */
function batchNormOf({ input }: Scene, model: ModelProto): 'frozen' | 'train' {
  const { mode, settings } = input.job;
  if (mode === 'head') return 'frozen';
  if (settings.batchNorm !== 'auto') return settings.batchNorm;
  return mode === 'scratch' || hasStatistics(model) ? 'train' : 'frozen';
}

function headWeights(model: ModelProto, { weights, bias }: Linear): ReadonlyMap<string, Float32Array> {
  const { weightName, biasName } = readHead(model);
  return new Map([
    [weightName, Float32Array.from(weights)],
    [biasName, Float32Array.from(bias)],
  ]);
}

/** The teacher answers in the training scale as well. */
async function openTeacher(
  { input, context, parts, targets }: Scene,
  file: NetworkFile,
  images: ImageRows,
): Promise<Teacher> {
  const { model, logits } = await openNetwork(file, { targets: targets.width, outputName: outputName(input.job) });
  const head = readHead(model);
  const { provider, signal } = context;
  const { validation: rows } = parts;
  const asked = async (): Promise<Float64Array> =>
    Float64Array.from((await answersOf({ model, rows, source: images, batch: 32, provider, signal })).values);
  const scale = logits ? unitScale(targets) : leastSquaresScale(targets, await asked(), rows);
  return Teacher.open(writeHead(model, foldScale(head, scale)), provider);
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

function outputName({ tasks }: FinetuneInput): string {
  return tasks.length === 1 ? tasks[0]!.name : 'answers';
}

function optimizerOf({ kind, momentum, nesterov }: FinetuneInput['settings']['optimizer']) {
  if (kind !== 'sgd') return { kind };
  return {
    kind,
    ...(momentum === undefined ? {} : { momentum }),
    ...(nesterov === undefined ? {} : { nesterov }),
  };
}
