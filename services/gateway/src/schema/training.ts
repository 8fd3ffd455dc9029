import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { enumeration } from './enumeration.ts';
import { Artifact } from './artifact.ts';
import { ExecutionProvider } from './benchmark.ts';
import { MetricName } from './metric.ts';
import { StepState } from './run-enums.ts';
import { RunFailure } from './run.ts';
import { RunDetailsInput } from './run-details.ts';
import { SafeInt } from './scalars.ts';

export const TrainingMode = enumeration(
  'TrainingMode',
  'Which weights a training moves, and from where.',
  { WHOLE: 'whole', HEAD: 'head', SCRATCH: 'scratch' },
  {
    WHOLE: 'Every layer goes on from its weights.',
    HEAD: 'The head alone.',
    SCRATCH: 'Every layer, from fresh weights.',
  },
);
export type TrainingMode = (typeof TrainingMode)[keyof typeof TrainingMode];

export const OptimizerKind = enumeration(
  'OptimizerKind',
  'How weights move along their gradients.',
  { SGD: 'sgd', ADAM: 'adam', ADAMW: 'adamw' },
  {
    SGD: 'Stochastic gradient descent with momentum.',
    ADAM: 'Adam, with an L2 penalty where weightDecay is given.',
    ADAMW: 'Adam with decoupled weight decay.',
  },
);
export type OptimizerKind = (typeof OptimizerKind)[keyof typeof OptimizerKind];

export const ScheduleKind = enumeration(
  'ScheduleKind',
  'How the learning rate moves.',
  { CONSTANT: 'constant', STEP: 'step', COSINE: 'cosine' },
  { CONSTANT: 'Not at all.', STEP: 'By a factor every few epochs.', COSINE: 'Along half a cosine to 0.' },
);
export type ScheduleKind = (typeof ScheduleKind)[keyof typeof ScheduleKind];

export const ClassWeights = enumeration(
  'ClassWeights',
  'How much the classes weigh in the loss.',
  { NONE: 'none', BALANCED: 'balanced' },
  {
    NONE: 'Each image weighs as much as any other.',
    BALANCED: 'Each class weighs as much as any other, however many images it has.',
  },
);
export type ClassWeights = (typeof ClassWeights)[keyof typeof ClassWeights];

export const BatchNormMode = enumeration(
  'BatchNormMode',
  'What normalisations do while they train.',
  { IDENTITY: 'identity', FROZEN: 'frozen', TRAIN: 'train' },
  {
    IDENTITY: 'Behind every layer that trains stands one that at first changes nothing and is folded away at the end.',
    FROZEN: "The network's own keep their statistics.",
    TRAIN: "The network's own take those of the batch, with running means.",
  },
);
export type BatchNormMode = (typeof BatchNormMode)[keyof typeof BatchNormMode];

@InputType({ description: 'How weights move along their gradients.' })
export class OptimizerInput {
  @Field(() => OptimizerKind, { description: 'Which one.' })
  kind!: OptimizerKind;

  @Field(() => Float, { nullable: true, description: 'SGD only, 0 to 0.9999.' })
  momentum?: number;

  @Field(() => Boolean, { nullable: true, description: 'SGD only: whether momentum looks ahead.' })
  nesterov?: boolean;

  @Field(() => Float, { nullable: true, description: 'L2 penalty (SGD, ADAM) or decoupled decay (ADAMW).' })
  weightDecay?: number;
}

@InputType({ description: 'How the learning rate moves over the training.' })
export class ScheduleInput {
  @Field(() => ScheduleKind, { description: 'Which one.' })
  kind!: ScheduleKind;

  @Field(() => Float, { nullable: true, description: 'Epochs in which the rate rises from 0.' })
  warmupEpochs?: number;

  @Field(() => Int, { nullable: true, description: 'STEP: epochs between two steps.' })
  everyEpochs?: number;

  @Field(() => Float, { nullable: true, description: 'STEP: what the rate is multiplied by.' })
  factor?: number;
}

@InputType({ description: 'How to train; whatever is left out is the default of the mode.' })
export class TrainingInput {
  @Field(() => Int, { nullable: true, description: 'Passes over the training images at most.' })
  epochs?: number;

  @Field(() => Int, { nullable: true, description: 'Images for one step of the optimizer.' })
  batchSize?: number;

  @Field(() => OptimizerInput, { nullable: true, description: 'How weights move along their gradients.' })
  optimizer?: OptimizerInput;

  @Field(() => Float, { nullable: true, description: 'Size of a step, above 0.' })
  learningRate?: number;

  @Field(() => ScheduleInput, { nullable: true, description: 'How the learning rate moves.' })
  schedule?: ScheduleInput;

  @Field(() => Float, { nullable: true, description: 'Most that the joint norm of the gradients may be; 0: no limit.' })
  clipNorm?: number;

  @Field(() => Float, { nullable: true, description: 'Share of a class label that is spread over all classes.' })
  labelSmoothing?: number;

  @Field(() => ClassWeights, { nullable: true, description: 'How much the classes weigh in the loss.' })
  classWeights?: ClassWeights;

  @Field(() => BatchNormMode, { nullable: true, description: 'What normalisations do while they train.' })
  batchNorm?: BatchNormMode;

  @Field(() => Float, { nullable: true, description: 'Largest random shift, as a share of the side; 0: none.' })
  crop?: number;

  @Field(() => Boolean, { nullable: true, description: 'Mirror images at random, where every task allows it.' })
  flip?: boolean;

  @Field(() => Int, {
    nullable: true,
    description: 'Variants of each image that are drawn, the image itself among them; each epoch takes one of them.',
  })
  copies?: number;

  @Field(() => Int, {
    nullable: true,
    description: 'Epochs without a better metric on validation before the training ends; 0: it never ends early.',
  })
  patience?: number;

  @Field(() => [String], { nullable: true, description: 'Layers whose weights stay as they are.' })
  freeze?: string[];

  @Field(() => SafeInt, { nullable: true, description: 'Of the order of images and of what is drawn.' })
  seed?: number;
}

@InputType({ description: 'Learning from the answers of another network for the same tasks.' })
export class DistillInput {
  @Field(() => String, { description: 'SHA-256 of the network that teaches, as a pruning or training made it.' })
  artifact!: string;

  @Field(() => Float, { nullable: true, description: 'Share of the loss that compares with it; 0.7 when absent.' })
  weight?: number;

  @Field(() => Float, { nullable: true, description: 'Divides logits before they are compared; 2 when absent.' })
  temperature?: number;
}

@InputType({ description: 'What to train. Exactly one of model and artifact.' })
export class LaunchFinetuneInput {
  @Field(() => ID, { nullable: true, description: 'A registered model: it is cut at a layer and gets a fresh head.' })
  model?: string;

  @Field(() => String, {
    nullable: true,
    description: 'SHA-256 of a network for the same tasks that a pruning or training made: its head stays.',
  })
  artifact?: string;

  @Field(() => ID, { description: 'The images and their labels.' })
  dataset!: string;

  @Field(() => [String], { description: 'One, or several side by side in one head.' })
  tasks!: string[];

  @Field(() => TrainingMode, { defaultValue: TrainingMode.WHOLE, description: 'Which weights move, and from where.' })
  mode: TrainingMode = TrainingMode.WHOLE;

  @Field(() => String, {
    nullable: true,
    description: 'The layer that the fresh head reads; the last one when absent.',
  })
  layer?: string;

  @Field(() => Boolean, {
    nullable: true,
    description: 'The model ends in a linear head for these tasks, which stays.',
  })
  keepHead?: boolean;

  @Field(() => TrainingInput, { nullable: true, description: 'How to train.' })
  training?: TrainingInput;

  @Field(() => DistillInput, { nullable: true, description: 'A network to learn from besides the labels.' })
  distill?: DistillInput;

  @Field(() => RunDetailsInput, { nullable: true, description: 'What people say of the run.' })
  run?: RunDetailsInput;

  @Field(() => String, {
    nullable: true,
    description:
      'Names the request, so that repeating it gives the run that it started: 1 to 200 letters, digits and . : _ -, such as a UUID.',
  })
  idempotencyKey?: string;
}

@ObjectType({ description: 'One epoch as it ended; epoch 0 is the network before training.' })
export class Epoch {
  @Field(() => Int, { description: 'From 0, which is before anything was trained.' })
  epoch!: number;

  @Field(() => Float, { nullable: true, description: 'Mean over its training images; null for epoch 0.' })
  loss!: number | null;

  @Field(() => Float, { description: 'Mean loss over the validation images.' })
  validationLoss!: number;

  @Field(() => Float, { description: 'On validation.' })
  metric!: number;

  @Field(() => Float, { description: "Of the epoch's last step." })
  learningRate!: number;

  @Field(() => Float, { description: 'Training images in a second.' })
  imagesPerSecond!: number;

  @Field(() => Float, { description: 'How long it took, validation included.' })
  seconds!: number;

  @Field(() => Int, {
    nullable: true,
    description: 'How often the training had begun again by then, each time at half the rate; null where it never had.',
  })
  restarts?: number | null;
}

export const SampleUnit = enumeration(
  'SampleUnit',
  'What a bootstrap draws with replacement.',
  { IMAGE: 'image', SUBJECT: 'subject' },
  {
    IMAGE: 'Images, each by itself: where there are no subjects, or so few that their spread tells nothing.',
    SUBJECT: 'Subjects, each with all of its images.',
  },
);
export type SampleUnit = (typeof SampleUnit)[keyof typeof SampleUnit];

@ObjectType({
  description:
    'Where other images of the same kind would put a metric, in 95 of 100 draws: a bootstrap, subjects drawn whole.',
})
export class Interval {
  @Field(() => Float, { description: 'Its lower end, in the unit of the metric.' })
  low!: number;

  @Field(() => Float, { description: 'Its upper end, in the unit of the metric.' })
  high!: number;

  @Field(() => Float, { description: 'Standard deviation of the metric over the draws.' })
  standardError!: number;

  @Field(() => SampleUnit, { description: 'What was drawn.' })
  drawn!: SampleUnit;
}

@ObjectType({ description: 'What a trained network does on one task, with the weights of its best epoch.' })
export class TrainedTask {
  @Field(() => String, { description: 'Name of the task.' })
  task!: string;

  @Field(() => MetricName, { description: 'What the figures measure.' })
  metric!: string;

  @Field(() => Boolean, { description: 'Whether a greater figure is the better one.' })
  higherIsBetter!: boolean;

  @Field(() => Float, { description: 'On validation images, by which the epoch was chosen.' })
  validation!: number;

  @Field(() => Float, { description: 'Judged once, on images that nothing has seen.' })
  test!: number;

  @Field(() => Interval, { description: 'Of test.' })
  interval!: Interval;

  @Field(() => Float, { description: 'What a constant prediction gives.' })
  chance!: number;

  @Field(() => [Float], {
    description: 'At which an answer becomes a class, one for each output; empty where none are needed.',
  })
  thresholds!: readonly number[];
}

@ObjectType({ description: 'One network being trained, or trained.' })
export class Training {
  @Field(() => String, { description: 'Its part in a comparison, or its mode.' })
  label!: string;

  @Field(() => String, { description: 'The name of its step.' })
  name!: string;

  @Field(() => [String], { description: 'Names of the tasks that it learns.' })
  tasks!: readonly string[];

  @Field(() => TrainingMode, { description: 'Which of its weights move, and from where.' })
  mode!: TrainingMode;

  @Field(() => StepState, { description: 'How far it is.' })
  state!: string;

  @Field(() => Boolean, { description: 'Whether its result was found rather than computed.' })
  reused!: boolean;

  @Field(() => Int, { description: 'Epochs that it will have at most.' })
  epochsPlanned!: number;

  @Field(() => [Epoch], { description: 'Those that have ended, as they end.' })
  epochs!: readonly Epoch[];

  @Field(() => Int, { nullable: true, description: 'The best on validation so far.' })
  bestEpoch!: number | null;

  @Field(() => MetricName, { description: 'What `metric` is; SCORE for several tasks.' })
  metricName!: string;

  @Field(() => Float, { nullable: true, description: 'On validation, at the best epoch so far.' })
  metric!: number | null;

  @Field(() => Float, { nullable: true, description: 'Seconds until it ends at the present rate.' })
  etaSeconds!: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it ended before its last epoch; null until it has.' })
  stoppedEarly!: boolean | null;

  @Field(() => Float, { nullable: true, description: 'Time in training and validation; null until it has ended.' })
  seconds!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Training images in a second, of its last epoch; null before the first has ended.',
  })
  imagesPerSecond!: number | null;

  @Field(() => ExecutionProvider, { nullable: true, description: 'What it was trained on; null until it has ended.' })
  provider!: string | null;

  @Field(() => [TrainedTask], { description: 'Empty until it has ended.' })
  results!: readonly TrainedTask[];

  @Field(() => [String], { description: 'What the reader should know.' })
  notes!: readonly string[];

  @Field(() => Artifact, { nullable: true, description: 'The trained network; null until it has ended.' })
  model!: Artifact | null;

  @Field(() => RunFailure, { nullable: true, description: 'Why it failed; null unless it did.' })
  failure!: RunFailure | null;
}
