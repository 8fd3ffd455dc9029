import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ForwardRequest, learnedInitializers, trainingStep } from '@kneepoint/autodiff';
import { type Dataset, openDataset } from '@kneepoint/datasets';
import { elementCount, encodeModel, inputSpec, type ModelProto } from '@kneepoint/onnx';
import { linearScores } from '@kneepoint/regression';
import { deliver, resolveProvider, type TaskContext } from '@kneepoint/runtime';
import { checkTraining, requireNoBatch, type FinetuneInput, type FinetuneOutput } from '@kneepoint/workflow';
import { describeTraining } from '../describe-training.ts';
import { featuresOf } from '../network/features.ts';
import { type Head, readHead, writeHead } from '../network/head.ts';
import { normalised, prepareNetwork, survey } from '../network/normalise.ts';
import { type NetworkFile, type OpenedNetwork, openNetwork } from '../network/open-network.ts';
import { proveFolding } from '../network/prove-folding.ts';
import { fromScratch } from '../network/scratch.ts';
import { featureScale, featureSize, toStandardised } from '../network/standardise.ts';
import { recalibrated, statisticsOf } from '../network/statistics.ts';
import { headSubject, networkSubject, type Subject } from '../network/subject.ts';
import { answersOf } from '../rows/answers.ts';
import { copiesOf } from '../rows/copies.ts';
import { ImageRows } from '../rows/image-rows.ts';
import { foldScale, leastSquaresScale, unfoldScale, unitScale } from '../targets/answer-scale.ts';
import { checkData } from '../targets/check-data.ts';
import { lossTerms } from '../targets/loss-terms.ts';
import { type Parts, partsOf } from '../targets/parts.ts';
import { startHead } from '../targets/start-head.ts';
import { Targets } from '../targets/targets.ts';
import { TeacherAnswers } from '../targets/teacher-answers.ts';
import { DECLARED, TRAINED } from '../trained-file.ts';
import type { Weights } from '../training/averages.ts';
import { convolutionBlock } from '../training/block.ts';
import { readCheckpoint } from '../training/checkpoint-file.ts';
import { fit, type Fitted } from '../training/fit.ts';
import { FreshStatistics } from '../training/fresh-statistics.ts';
import { judgeTasks } from '../training/judge-epoch.ts';

export interface FinetuneTaskInput {
  readonly job: FinetuneInput;
  readonly network: NetworkFile;
  /** A teacher's answers, as a step of kind `teach` stored them. */
  readonly answersPath?: string;
  readonly archivePath: string;
  /** A checkpoint of the same job to go on from. */
  readonly resumePath?: string;
  readonly outFolder: string;
}

export interface FinetuneTaskOutput extends Omit<FinetuneOutput, 'modelSha256' | 'declaredSha256'> {
  /** Whether there is `declared.onnx`, too: the network as the original declares it. */
  readonly declared: boolean;
}

/** What most of the time goes into; a tenth for what has to be read before, and one for the judgement. */
const TRAINING = { done: 1, until: 9, total: 10, unit: 'stages', message: 'trying where to begin' } as const;
const JUDGING = { done: 9, total: 10, unit: 'stages', message: 'judging' } as const;

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

async function train(asked: Scene): Promise<FinetuneTaskOutput> {
  const { targets } = asked;
  const outputs = { targets: targets.width, outputName: outputName(asked.input.job) };
  const opened = await openNetwork(asked.input.network, outputs);
  const scene = inputSpec(opened.model).batch === 'free' ? asked : oneByOne(asked);
  const { input, context, parts, notes } = scene;
  const { settings, distill } = input.job;
  const images = imageRows(scene, opened.model);
  const batch = Math.min(settings.batchSize, parts.train.length);
  if (batch < settings.batchSize) {
    notes.push(`batches hold ${batch} images, not ${settings.batchSize}: there are no more for training`);
  }
  context.progress({ done: 0, total: 10, unit: 'stages', message: 'reading what the head reads' });
  const { subject, start, given } = await startingPoint(scene, opened, images, batch);
  const terms = lossTerms(targets, parts.train, readHead(subject.model).output, settings, distill);
  const target = await resolveProvider(context.provider);
  const forward: ForwardRequest = {
    model: subject.model,
    shapes: await subject.shapes(batch),
    trainable: subject.trainable,
    batchNorm: subject.batchNorm,
    target,
    block: await convolutionBlock(target),
  };
  const step = trainingStep({
    ...forward,
    loss: terms.map(({ term }) => term),
    optimizer: optimizerOf(settings.optimizer),
    weightDecay: settings.optimizer.weightDecay ?? 0,
    ...(settings.clipNorm === null ? {} : { clipNorm: settings.clipNorm }),
  });
  const resume = input.resumePath === undefined ? undefined : await readCheckpoint(input.resumePath);
  const teacher =
    input.answersPath === undefined
      ? undefined
      : await TeacherAnswers.open(input.answersPath, targets, parts.train, copiesOf(images.augment));
  const statistics = await FreshStatistics.open(forward, batch, { subject, parts, settings, context });
  try {
    const own = { subject, step, targets, parts, terms, settings, teacher, start, given, statistics, resume, context };
    context.progress(TRAINING);
    const fitted = await fit(own);
    context.progress(JUDGING);
    return await finish(scene, subject, images, fitted);
  } finally {
    await statistics?.release();
  }
}

/**
 * The training of a network that runs one image at a time: a step for each image, at a rate that takes as much as before out of as many
 * images. A normalisation has no batch to go by. Throws TRAINING_OPTION_INVALID where it must.
 */
function oneByOne(scene: Scene): Scene {
  const { job } = scene.input;
  const { settings } = job;
  requireNoBatch(settings);
  const together = Math.min(settings.batchSize, scene.parts.train.length);
  const share = settings.optimizer.kind === 'sgd' ? together : Math.sqrt(together);
  const learningRate = settings.learningRate / share;
  scene.notes.push(
    `the network runs one image at a time, and is trained so: at a learning rate of ${learningRate.toPrecision(3)} in place of ${settings.learningRate} for ${together} together`,
  );
  const alone = { ...settings, batchSize: 1, learningRate };
  return { ...scene, input: { ...scene.input, job: { ...job, settings: alone } } };
}

interface StartingPoint {
  /** Answers in the training scale. */
  readonly subject: Subject;
  /** Weights in which training begins otherwise than the subject's model. */
  readonly start?: Weights;
  /** Weights in which the network as it came differs from it; absent where nothing was learned yet. */
  readonly given?: Weights;
}

type Linear = Pick<Head, 'weights' | 'bias'>;

function startingPoint(scene: Scene, opened: OpenedNetwork, images: ImageRows, batch: number): Promise<StartingPoint> {
  const { mode } = scene.input.job;
  if (mode === 'scratch') return startFresh(scene, opened, images, batch);
  return mode === 'head' ? startWithHead(scene, opened, images) : startInherited(scene, opened, images, batch);
}

/** The architecture alone. */
async function startFresh(
  { input, notes }: Scene,
  { model }: OpenedNetwork,
  images: ImageRows,
  batch: number,
): Promise<StartingPoint> {
  const { seed, batchNorm, freeze } = input.job.settings;
  const fresh = fromScratch(model, seed);
  const options = { headOnly: false, freeze };
  if (batchNorm !== 'identity') return { subject: networkSubject(fresh, images, { ...options, batchNorm }) };
  const own = normalised(await prepareNetwork(fresh, { batch, freeze }));
  notes.push(...own.notes);
  return { subject: networkSubject(own.model, images, { ...options, batchNorm: own.byBatch, norms: own.norms }) };
}

/** Only the head is trained, from nothing: on standardised features that costs next to no time. */
async function startWithHead(scene: Scene, opened: OpenedNetwork, images: ImageRows): Promise<StartingPoint> {
  const { input, context, dataset, parts } = scene;
  const { model, fresh } = opened;
  const head = readHead(model);
  const zero = { weights: head.weights.map(() => 0), bias: head.bias.map(() => 0) };
  const { batchNorm } = input.job.settings;
  const still = copiesOf(images.augment) === 1 && batchNorm !== 'train';
  const rows = Int32Array.from([...parts.train, ...parts.validation]);
  const { features, width } = await featuresOf(model, images, rows, context);
  const scale = featureScale(features.subarray(0, parts.train.length * width), width);
  const subject = still
    ? await headSubject(writeHead(model, zero), images, parts, { total: dataset.manifest.images.length, context })
    : networkSubject(writeHead(model, zero), images, {
        ...{ headOnly: true, freeze: input.job.settings.freeze, scale },
        batchNorm: batchNorm === 'train' ? 'train' : 'frozen',
      });
  if (fresh) return { subject };
  const own = givenHead(scene, opened, { features });
  return { subject, given: headWeights(subject.model, toStandardised(own, scale)) };
}

/** All that was learned stays, and is the start; the head is the better of its own and one in closed form. */
async function startInherited(
  scene: Scene,
  opened: OpenedNetwork,
  images: ImageRows,
  batch: number,
): Promise<StartingPoint> {
  const { input, context, parts, targets, notes } = scene;
  const { settings } = input.job;
  const { batchNorm, freeze } = settings;
  const rows = Int32Array.from([...parts.train, ...parts.validation]);
  const { train } = parts;
  const begin = (
    model: ModelProto,
    seen: { readonly features: Float32Array; readonly width: number },
    options: Pick<Parameters<typeof networkSubject>[2], 'batchNorm' | 'norms'>,
    own: Linear | undefined,
  ): StartingPoint & { readonly ofHead: (head: Linear) => Weights } => {
    const scale = featureSize(seen.features.subarray(0, train.length * seen.width), seen.width);
    const subject = networkSubject(model, images, { headOnly: false, freeze, scale, ...options });
    const ofHead = (head: Linear): Weights => headWeights(subject.model, toStandardised(head, scale));
    const start = ofHead(startHead({ targets, parts, ...seen }, own));
    return { subject, start, given: own ? ofHead(own) : start, ofHead };
  };
  if (batchNorm === 'identity') {
    const prepared = await prepareNetwork(opened.model, { batch, freeze });
    const seen = await survey(prepared, images, rows, train.length, context);
    const own = normalised(prepared, seen.moments);
    notes.push(...own.notes);
    const head = opened.fresh ? undefined : givenHead(scene, opened, seen);
    return begin(own.model, seen, { batchNorm: own.byBatch, norms: own.norms }, head);
  }
  const before = await featuresOf(opened.model, images, rows, context);
  const head = opened.fresh ? undefined : givenHead(scene, opened, before);
  if (batchNorm === 'frozen') return begin(opened.model, before, { batchNorm }, head);
  const moved = await recalibrated(opened.model, images, { targets, train, settings, context });
  // Behind other statistics the head that came with the network answers to other features than it was made for.
  const { subject, start, given, ofHead } = begin(
    moved,
    await featuresOf(moved, images, rows, context),
    { batchNorm },
    undefined,
  );
  const asItCame = head ? new Map([...statisticsOf(opened.model), ...ofHead(head)]) : given;
  return { subject, ...(start ? { start } : {}), ...(asItCame ? { given: asItCame } : {}) };
}

/** The head that a network came with, in the training scale. `features`: of training rows, then validation rows. */
function givenHead(
  { parts, targets }: Scene,
  { model, logits }: OpenedNetwork,
  { features }: { readonly features: Float32Array },
): Linear {
  const head = readHead(model);
  if (logits) return foldScale(head, unitScale(targets));
  const unseen = Int32Array.from(parts.validation.keys(), (i) => parts.train.length + i);
  const answers = linearScores(features, unseen, head.weights, head.bias);
  return foldScale(head, leastSquaresScale(targets, answers, parts.validation));
}

function headWeights(model: ModelProto, { weights, bias }: Linear): Weights {
  const { weightName, biasName } = readHead(model);
  return new Map([
    [weightName, Float32Array.from(weights)],
    [biasName, Float32Array.from(bias)],
  ]);
}

function imageRows({ input, dataset, notes }: Scene, model: ModelProto): ImageRows {
  const { settings, tasks } = input.job;
  const forbidding = tasks.filter(({ mirror }) => mirror === undefined);
  if (settings.augment.flip && forbidding.length > 0) {
    const names = forbidding.map(({ name }) => name).join(', ');
    notes.push(`images are not mirrored: the data set does not say what that does to ${names}`);
  }
  return ImageRows.of(dataset, inputSpec(model), { ...input.job, ...settings });
}

/** Judges the best epoch, writes its network, and says what happened. */
async function finish(scene: Scene, subject: Subject, images: ImageRows, fitted: Fitted): Promise<FinetuneTaskOutput> {
  const { input, context, parts, targets, notes } = scene;
  const { weights, counters, stoppedEarly, steps, provider } = fitted;
  notes.push(...counters.restarts);
  const unproved = await proveFolding(subject, weights, { parts, context });
  const trained = unproved === undefined ? subject.finish(weights) : subject.unfolded(weights);
  if (unproved !== undefined) {
    notes.push(
      `the normalisations that training put in stay in the file: folded away, the network would answer otherwise by ${unproved.toExponential(1)}`,
    );
  }
  const answers = async (rows: Int32Array): Promise<Float32Array> => {
    const { signal } = context;
    const { batch: fixed } = inputSpec(trained);
    const batch = fixed === 'free' ? 32 : fixed;
    const request = { model: trained, rows, source: images, batch, provider: context.provider, signal };
    return (await answersOf(request)).values;
  };
  const tasks = judgeTasks(
    targets,
    parts,
    { validation: await answers(parts.validation), test: await answers(parts.test) },
    parts.by !== 'image' ? scene.dataset.manifest.groups : undefined,
  );
  const bestEpoch = counters.best!.epoch;
  const inUnits = writeHead(trained, unfoldScale(readHead(trained), unitScale(targets)));
  const described = describeTraining(inUnits, { job: input.job, tasks, bestEpoch });
  await writeFile(join(input.outFolder, TRAINED), encodeModel(described));
  const written = await deliver(described, { levels: input.job.preprocess });
  const declared = written.model !== described;
  if (declared) await writeFile(join(input.outFolder, DECLARED), encodeModel(written.model));
  notes.push(...written.notes);
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
    declared,
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
