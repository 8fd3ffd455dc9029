import type { FailureKind } from '../kind.ts';

export const deploymentFailures = {
  ANSWERS_INVALID: {
    cause: 'A kind of answers was asked for that there is not.',
    cure: 'Ask for raw, probabilities or labels.',
    retryable: false,
  },
  ANSWERS_NOT_LOGITS: {
    cause:
      'Probabilities were asked of a network whose head was fitted by least squares: its scores lie near 0 and 1, but are no probabilities.',
    cure: 'Ask for labels, or let the network be trained: compress with finetuned among its arms.',
    retryable: false,
  },
  ANSWERS_NOT_PUT: {
    cause:
      'Answers can be put into the graph of a network that gives the scores of its tasks and nothing else; this is no such one.',
    cure: 'Take the file as compress, prune, train or finetune wrote it, with raw answers.',
    retryable: false,
  },
  DEPLOYMENT_UNDESCRIBED: {
    cause:
      'A file does not say what its tasks are and how it is fed, which all that is written beside it follows from.',
    cure: 'Use a network that compress, prune, train or finetune wrote.',
    retryable: false,
  },
  DEPLOYMENT_NOTHING: {
    cause: 'The run made no network that could be packaged, or several of which none was named.',
    cure: 'Name a run of compress or prune that has succeeded, and one of its results with --label.',
    retryable: false,
  },
  DEPLOYMENT_FOLDER: {
    cause: 'A package was to be written where something lies already, or where no folder can be.',
    cure: 'Name a folder that is not there yet, or empty.',
    retryable: false,
  },
  DEPLOYMENT_MISMATCH: {
    cause:
      'What the report says of its data does not agree with the data set in the store, or cannot be written beside its images.',
    cure: 'Name the run by the gateway that it ran on; leave test images out with --test-images 0.',
    retryable: false,
  },
} as const satisfies Record<string, FailureKind>;
