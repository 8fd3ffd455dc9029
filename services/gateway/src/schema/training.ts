import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Artifact } from './artifact.ts';
import { ExecutionProvider } from './benchmark.ts';
import { MetricName } from './metric.ts';
import { StepState } from './run-enums.ts';
import { RunFailure } from './run.ts';
import { SafeInt } from './scalars.ts';

export const TrainingMode = { WHOLE: 'whole', HEAD: 'head', SCRATCH: 'scratch' } as const;
export type TrainingMode = (typeof TrainingMode)[keyof typeof TrainingMode];
registerEnumType(TrainingMode, {
  name: 'TrainingMode',
  description:
    'WHOLE: every layer goes on from its weights. HEAD: only the head. SCRATCH: every layer from fresh weights.',
});

export const OptimizerKind = { SGD: 'sgd', ADAM: 'adam', ADAMW: 'adamw' } as const;
export type OptimizerKind = (typeof OptimizerKind)[keyof typeof OptimizerKind];
registerEnumType(OptimizerKind, { name: 'OptimizerKind' });

export const ScheduleKind = { CONSTANT: 'constant', STEP: 'step', COSINE: 'cosine' } as const;
export type ScheduleKind = (typeof ScheduleKind)[keyof typeof ScheduleKind];
registerEnumType(ScheduleKind, {
  name: 'ScheduleKind',
  description: 'How the learning rate moves: not at all, by a factor every few epochs, along half a cosine to 0.',
});

export const ClassWeights = { NONE: 'none', BALANCED: 'balanced' } as const;
export type ClassWeights = (typeof ClassWeights)[keyof typeof ClassWeights];
registerEnumType(ClassWeights, {
  name: 'ClassWeights',
  description: 'BALANCED: each class weighs as much as any other, however many images it has.',
});

export const BatchNormMode = { IDENTITY: 'identity', FROZEN: 'frozen', TRAIN: 'train' } as const;
export type BatchNormMode = (typeof BatchNormMode)[keyof typeof BatchNormMode];
registerEnumType(BatchNormMode, {
  name: 'BatchNormMode',
  description:
    'IDENTITY: behind every layer that trains stands a normalisation that at first changes nothing and is folded away at the end. FROZEN: the network’s own keeps its statistics. TRAIN: it takes those of the batch, with running means.',
});

@InputType()
export class OptimizerInput {
  @Field(() => OptimizerKind)
  kind!: OptimizerKind;

  @Field(() => Float, { nullable: true, description: 'SGD only, 0 to 0.9999.' })
  momentum?: number;

  @Field(() => Boolean, { nullable: true })
  nesterov?: boolean;

  @Field(() => Float, { nullable: true, description: 'L2 penalty (SGD, ADAM) or decoupled decay (ADAMW).' })
  weightDecay?: number;
}

@InputType()
export class ScheduleInput {
  @Field(() => ScheduleKind)
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
  @Field(() => Int, { nullable: true })
  epochs?: number;

  @Field(() => Int, { nullable: true })
  batchSize?: number;

  @Field(() => OptimizerInput, { nullable: true })
  optimizer?: OptimizerInput;

  @Field(() => Float, { nullable: true })
  learningRate?: number;

  @Field(() => ScheduleInput, { nullable: true })
  schedule?: ScheduleInput;

  @Field(() => Float, { nullable: true, description: 'Most that the joint norm of the gradients may be; 0: no limit.' })
  clipNorm?: number;

  @Field(() => Float, { nullable: true, description: 'Share of a class label that is spread over all classes.' })
  labelSmoothing?: number;

  @Field(() => ClassWeights, { nullable: true })
  classWeights?: ClassWeights;

  @Field(() => BatchNormMode, { nullable: true })
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

  @Field(() => SafeInt, { nullable: true })
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

@InputType()
export class LaunchFinetuneInput {
  @Field(() => ID, { nullable: true, description: 'A registered model: it is cut at a layer and gets a fresh head.' })
  model?: string;

  @Field(() => String, {
    nullable: true,
    description: 'SHA-256 of a network for the same tasks that a pruning or training made: its head stays.',
  })
  artifact?: string;

  @Field(() => ID)
  dataset!: string;

  @Field(() => [String], { description: 'One, or several side by side in one head.' })
  tasks!: string[];

  @Field(() => TrainingMode, { defaultValue: TrainingMode.WHOLE })
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

  @Field(() => TrainingInput, { nullable: true })
  training?: TrainingInput;

  @Field(() => DistillInput, { nullable: true })
  distill?: DistillInput;

  @Field(() => String, { nullable: true })
  idempotencyKey?: string;
}

@ObjectType({ description: 'One epoch as it ended; epoch 0 is the network before training.' })
export class Epoch {
  @Field(() => Int)
  epoch!: number;

  @Field(() => Float, { nullable: true, description: 'Mean over its training images; null for epoch 0.' })
  loss!: number | null;

  @Field(() => Float)
  validationLoss!: number;

  @Field(() => Float, { description: 'On validation.' })
  metric!: number;

  @Field(() => Float, { description: "Of the epoch's last step." })
  learningRate!: number;

  @Field(() => Float)
  imagesPerSecond!: number;

  @Field(() => Float)
  seconds!: number;

  @Field(() => Int, {
    nullable: true,
    description: 'How often the training had begun again by then, each time at half the rate; null where it never had.',
  })
  restarts?: number | null;
}

@ObjectType({
  description:
    'Where other images of the same kind would put a metric, in 95 of 100 draws: a bootstrap, subjects drawn whole.',
})
export class Interval {
  @Field(() => Float)
  low!: number;

  @Field(() => Float)
  high!: number;

  @Field(() => Float)
  standardError!: number;
}

@ObjectType({ description: 'What a trained network does on one task, with the weights of its best epoch.' })
export class TrainedTask {
  @Field(() => String)
  task!: string;

  @Field(() => MetricName)
  metric!: string;

  @Field(() => Boolean)
  higherIsBetter!: boolean;

  @Field(() => Float)
  validation!: number;

  @Field(() => Float, { description: 'Judged once, on images that nothing has seen.' })
  test!: number;

  @Field(() => Interval, { description: 'Of test.' })
  interval!: Interval;

  @Field(() => Float, { description: 'What a constant prediction gives.' })
  chance!: number;

  @Field(() => [Float])
  thresholds!: readonly number[];
}

@ObjectType({ description: 'One network being trained, or trained.' })
export class Training {
  @Field(() => String, { description: 'Its part in a comparison, or its mode.' })
  label!: string;

  @Field(() => String, { description: 'The name of its step.' })
  name!: string;

  @Field(() => [String])
  tasks!: readonly string[];

  @Field(() => TrainingMode)
  mode!: TrainingMode;

  @Field(() => StepState)
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

  @Field(() => Float, { nullable: true })
  imagesPerSecond!: number | null;

  @Field(() => ExecutionProvider, { nullable: true, description: 'What it was trained on; null until it has ended.' })
  provider!: string | null;

  @Field(() => [TrainedTask], { description: 'Empty until it has ended.' })
  results!: readonly TrainedTask[];

  @Field(() => [String], { description: 'What the reader should know.' })
  notes!: readonly string[];

  @Field(() => Artifact, { nullable: true, description: 'The trained network; null until it has ended.' })
  model!: Artifact | null;

  @Field(() => RunFailure, { nullable: true })
  failure!: RunFailure | null;
}
