import type { FailureKind } from '../kind.ts';

export const trainingFailures = {
  AUTODIFF_OPERATOR: {
    cause: 'A node of the network has an operator that cannot be differentiated.',
    cure: 'Freeze the layers before the node, train the head only, or export the network without it.',
    retryable: false,
  },
  TRAINING_DIVERGED: {
    cause: 'The loss or a weight became infinite or not a number.',
    cure: 'Lower the learning rate, clip gradients, or look for wrong labels; the last good checkpoint was kept.',
    retryable: false,
  },
  QUANTIZE_NOT_BORNE: {
    cause: 'In whole numbers the network loses more than a point on validation, however many layers stay float.',
    cure: 'Deliver it as float, or train a larger network; the message names the layers that lose most.',
    retryable: false,
  },
  TRAINING_DATA: {
    cause: 'The labelled images do not allow this training: too few, or a class without any.',
    cure: 'Label more images, or leave out the class that the message names.',
    retryable: false,
  },
  TRAINING_OPTION_INVALID: {
    cause: 'A setting of the training is outside of what it may be.',
    cure: 'Pass a value within the bounds that the message names.',
    retryable: false,
  },
  BENCHMARK_OPTION_INVALID: {
    cause: 'A benchmark was asked for with no network, or with more networks, images or runs than it may have.',
    cure: 'Pass a value within the bounds that the message names.',
    retryable: false,
  },
  CHECKPOINT_NOT_WRITTEN: {
    cause: 'A checkpoint of the training could not be stored: the disk is full, or the store does not answer.',
    cure: 'Free space or repair the store, then launch the same training again: it goes on from the last good checkpoint.',
    retryable: true,
  },
} as const satisfies Record<string, FailureKind>;
