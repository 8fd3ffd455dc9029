import type { FailureKind } from '../kind.ts';

export const regressionFailures = {
  REGRESSION_TASK_INVALID: {
    cause: 'A task description contradicts itself or its type.',
    cure: 'Correct the field named in the message in the data set schema.',
    retryable: false,
  },
  REGRESSION_SHAPE: {
    cause: 'The sizes of two arrays that belong together do not match.',
    cure: 'Pass responses as rows × filters and labels as rows × targets of the same rows.',
    retryable: false,
  },
  REGRESSION_NOT_FINITE: {
    cause: 'A response or a label is infinite or not a number.',
    cure: 'Check the weights of the network and the preprocessing of the images at the row named in the message.',
    retryable: false,
  },
  REGRESSION_LABEL_INVALID: {
    cause: 'A label is not a value that the type of its task allows.',
    cure: 'Correct the label of the row named in the message, or the type of the task.',
    retryable: false,
  },
  REGRESSION_TOO_FEW_ROWS: {
    cause: 'There are too few labelled rows to fit and judge anything.',
    cure: 'Label more images for this task.',
    retryable: false,
  },
  REGRESSION_SPLIT_IMPOSSIBLE: {
    cause: 'The rows cannot be divided into training, validation and test without tearing a group apart.',
    cure: 'Use at least three groups, or split by image.',
    retryable: false,
  },
  REGRESSION_SETTING_INVALID: {
    cause: 'A setting of the regression is outside its range.',
    cure: 'Use a value in the range that the message names.',
    retryable: false,
  },
  REGRESSION_MOMENTS_INVALID: {
    cause: 'Stored statistics are damaged, or belong to another layer or another set of tasks.',
    cure: 'Compute the statistics of every shard again from the same pilot.',
    retryable: false,
  },
  REGRESSION_KERNEL_MISSING: {
    cause: 'The WebAssembly kernels have not been built, or cannot be loaded here.',
    cure: 'Run `node packages/regression/build-wasm.mjs` and try again.',
    retryable: false,
  },
  REGRESSION_TOO_LARGE: {
    cause: 'The statistics of a layer do not fit in the memory of a process.',
    cure: 'Raise the memory limit, or leave the layer out.',
    retryable: false,
  },
  REGRESSION_GRAM_INVALID: {
    cause:
      'A matrix that should hold second moments cannot be one: asymmetric, a negative variance, or not positive semidefinite.',
    cure: 'Pass the centred moments of one set of rows, every sum divided by the same number of rows.',
    retryable: false,
  },
  REGRESSION_OFF_PATH: {
    cause: 'A solution was asked for at a λ that the path does not reach.',
    cure: 'Ask for a λ on the path, or follow the path further.',
    retryable: false,
  },
} as const satisfies Record<string, FailureKind>;
