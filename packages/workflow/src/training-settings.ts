import { Failure } from '@kneepoint/failures';

/** Which weights of the network are trained, and from where they start. */
export type TrainingMode = 'whole' | 'head' | 'scratch';

export interface OptimizerSettings {
  readonly kind: 'sgd' | 'adam' | 'adamw';
  /** sgd only; default 0. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** L2 penalty (sgd, adam) or decoupled decay (adamw) of weights with two or more axes; default 0. */
  readonly weightDecay?: number;
}

/** How the learning rate moves over the steps of a training; warm-up rises linearly from 0. */
export type ScheduleSettings =
  | { readonly kind: 'constant'; readonly warmupEpochs?: number }
  /** Multiplied by `factor` after every `everyEpochs`. */
  | { readonly kind: 'step'; readonly warmupEpochs?: number; readonly everyEpochs: number; readonly factor: number }
  /** Falls along half a cosine to 0 at the end (Loshchilov and Hutter 2017, without restarts). */
  | { readonly kind: 'cosine'; readonly warmupEpochs?: number };

export interface AugmentSettings {
  /** Largest shift along each axis, as a share of the side: the image is padded by its edge and cropped at random. 0: none. */
  readonly crop: number;
  /** Mirrors every other image, but only where every task says what mirroring does to its targets. */
  readonly flip: boolean;
  /**
   * How many variants of each image there are: the image itself, and others drawn once. Every epoch takes one of them by lot, so that
   * a teacher's answers to all of them can be stored.
   */
  readonly copies: number;
}

/** How a network is trained. Everything here but `checkpointSeconds` decides the result, and is part of the step's key. */
export interface TrainingSettings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: OptimizerSettings;
  readonly learningRate: number;
  readonly schedule: ScheduleSettings;
  /** Gradients are scaled so that their joint norm does not exceed this; null: as they come. */
  readonly clipNorm: number | null;
  /** Share of a class label that is spread over all classes. */
  readonly labelSmoothing: number;
  /** balanced: each class weighs as much as any other, however many images it has. */
  readonly classWeights: 'none' | 'balanced';
  /**
   * identity: behind every convolution and dense layer that trains stands a normalisation that at first changes nothing, goes by its
   * batch, and is folded away at the end; normalisations of the network's own that directly follow such a layer are folded into it, others
   * keep their statistics. frozen: the network's own keep their statistics. train: they take those of the batch, with running means.
   */
  readonly batchNorm: 'identity' | 'frozen' | 'train';
  readonly augment: AugmentSettings;
  /** Ends the training after so many epochs without a better metric on validation; null: all epochs. */
  readonly patience: number | null;
  /** Nodes (layers by name) whose weights stay as they are. */
  readonly freeze?: readonly string[];
  readonly seed: number;
  /** Time between checkpoints within an epoch; there is one at the end of each epoch in any case. */
  readonly checkpointSeconds: number;
}

const COMMON = {
  batchSize: 32,
  clipNorm: 5,
  labelSmoothing: 0,
  classWeights: 'none',
  schedule: { kind: 'cosine', warmupEpochs: 1 },
  augment: { crop: 0.08, flip: true, copies: 3 },
  seed: 1,
  checkpointSeconds: 60,
} as const;

/** What each mode starts from when nothing else is said. */
export const DEFAULT_TRAINING: Readonly<Record<TrainingMode, TrainingSettings>> = {
  whole: {
    ...COMMON,
    epochs: 30,
    optimizer: { kind: 'adam' },
    learningRate: 3e-3,
    batchNorm: 'identity',
    patience: 12,
  },
  head: {
    ...COMMON,
    epochs: 100,
    optimizer: { kind: 'adam' },
    learningRate: 1e-2,
    batchNorm: 'frozen',
    augment: { crop: 0, flip: false, copies: 1 },
    patience: 20,
  },
  scratch: {
    ...COMMON,
    epochs: 30,
    optimizer: { kind: 'adam' },
    learningRate: 3e-3,
    schedule: { kind: 'cosine', warmupEpochs: 2 },
    batchNorm: 'identity',
    patience: 12,
  },
};

/** A network that runs one image at a time has no batch to take statistics of. Throws TRAINING_OPTION_INVALID. */
export function requireNoBatch({ batchNorm }: Pick<TrainingSettings, 'batchNorm'>): void {
  if (batchNorm !== 'train') return;
  throw new Failure('TRAINING_OPTION_INVALID', 'the network runs one image at a time, which is no batch', {
    where: 'training.batchNorm',
    fix: 'identity or frozen',
  });
}

/** Throws TRAINING_OPTION_INVALID; `where` is the field's path, `fix` its bounds. */
export function checkTraining(settings: TrainingSettings): void {
  const { optimizer, schedule, augment, learningRate } = settings;
  whole('epochs', settings.epochs, 1, 10_000);
  whole('batchSize', settings.batchSize, 1, 4096);
  oneOf('optimizer.kind', optimizer.kind, ['sgd', 'adam', 'adamw']);
  between('optimizer.momentum', optimizer.momentum ?? 0, 0, 0.9999);
  between('optimizer.weightDecay', optimizer.weightDecay ?? 0, 0, 10);
  if (optimizer.kind !== 'sgd' && (optimizer.momentum !== undefined || optimizer.nesterov === true)) {
    refuse('optimizer.momentum', `${optimizer.kind} takes no momentum`, 'leave it out, or use sgd');
  }
  between('learningRate', learningRate, 1e-9, 100);
  oneOf('schedule.kind', schedule.kind, ['constant', 'step', 'cosine']);
  const warmUp = schedule.warmupEpochs ?? 0;
  if (!(warmUp >= 0 && warmUp < settings.epochs)) {
    refuse('schedule.warmupEpochs', `schedule.warmupEpochs is ${warmUp}`, `from 0 to below ${settings.epochs} epochs`);
  }
  if (schedule.kind === 'step') {
    whole('schedule.everyEpochs', schedule.everyEpochs, 1, 10_000);
    between('schedule.factor', schedule.factor, 1e-6, 1);
  }
  if (settings.clipNorm !== null) between('clipNorm', settings.clipNorm, 1e-6, 1e6);
  between('labelSmoothing', settings.labelSmoothing, 0, 0.5);
  oneOf('classWeights', settings.classWeights, ['none', 'balanced']);
  oneOf('batchNorm', settings.batchNorm, ['identity', 'frozen', 'train']);
  between('augment.crop', augment.crop, 0, 0.5);
  whole('augment.copies', augment.copies, 1, 100);
  if (settings.patience !== null) whole('patience', settings.patience, 1, 10_000);
  whole('seed', settings.seed, 0, Number.MAX_SAFE_INTEGER);
  between('checkpointSeconds', settings.checkpointSeconds, 0, 86_400);
}

function between(field: string, value: number, least: number, most: number): void {
  if (Number.isFinite(value) && value >= least && value <= most) return;
  refuse(field, `${field} is ${value}`, `a number from ${least} to ${most}`);
}

function whole(field: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  refuse(field, `${field} is ${value}`, `a whole number from ${least} to ${most}`);
}

function oneOf(field: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) refuse(field, `${field} is ${JSON.stringify(value)}`, `one of ${allowed.join(', ')}`);
}

function refuse(field: string, message: string, fix: string): never {
  throw new Failure('TRAINING_OPTION_INVALID', message, { where: field, fix });
}
