import type { ClassWeights, OptimizerKind, TrainingInput } from '@kneepoint/client';
import type { Command } from 'commander';
import { oneOf, readNumber } from './numbers.ts';

export interface TrainingOptions {
  readonly epochs?: string;
  readonly lr?: string;
  readonly batchSize?: string;
  readonly optimizer?: string;
  readonly patience?: string;
  readonly seed?: string;
  /** False for --no-augment. */
  readonly augment: boolean;
  readonly classWeights?: string;
}

const OPTIMIZERS = ['sgd', 'adam', 'adamw'] as const;
const CLASS_WEIGHTS = ['none', 'balanced'] as const;

/** How a network is trained; what is not given is the default of the mode. */
export function withTrainingOptions(command: Command): Command {
  return command
    .option('--epochs <n>', 'times that the training images are gone through, at most')
    .option('--lr <x>', 'learning rate')
    .option('--batch-size <n>', 'images for one step')
    .option('--optimizer <name>', 'sgd (with momentum), adam or adamw')
    .option('--class-weights <how>', 'none, or balanced: each class weighs as much as any other')
    .option('--patience <n>', 'epochs without a better metric on validation before it ends; 0: never early')
    .option('--seed <n>', 'of fresh weights, of the order of images and of augmentation')
    .option('--no-augment', 'take the images as they are, neither shifted nor mirrored');
}

const SGD_MOMENTUM = 0.9;

/** Checked here as far as numbers go, before anything is imported. Throws TRAINING_OPTION_INVALID with the option. */
export function readTraining(options: TrainingOptions): TrainingInput {
  const optimizer = options.optimizer === undefined ? undefined : oneOf('--optimizer', options.optimizer, OPTIMIZERS);
  return {
    ...readNumber('epochs', '--epochs', options.epochs, { least: 1 }),
    ...readNumber('learningRate', '--lr', options.lr, { whole: false }),
    ...readNumber('batchSize', '--batch-size', options.batchSize, { least: 1 }),
    ...readNumber('patience', '--patience', options.patience),
    ...readNumber('seed', '--seed', options.seed),
    ...(optimizer === undefined
      ? {}
      : {
          optimizer: {
            kind: optimizer.toUpperCase() as OptimizerKind,
            ...(optimizer === 'sgd' ? { momentum: SGD_MOMENTUM } : {}),
          },
        }),
    ...(options.classWeights === undefined
      ? {}
      : { classWeights: oneOf('--class-weights', options.classWeights, CLASS_WEIGHTS).toUpperCase() as ClassWeights }),
    ...(options.augment ? {} : { crop: 0, flip: false }),
  };
}
