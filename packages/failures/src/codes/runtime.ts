import type { FailureKind } from '../kind.ts';

export const runtimeFailures = {
  RUNTIME_MEMORY_LIMIT: {
    cause: 'The work needed more memory than its process may use, and was stopped.',
    cure: 'Raise the memory limit, or use a smaller model, smaller images or a smaller batch.',
    retryable: false,
  },
  RUNTIME_TIMEOUT: {
    cause: 'The work took longer than its time limit, and was stopped.',
    cure: 'Raise the time limit, or split the work.',
    retryable: false,
  },
  RUNTIME_CANCELED: {
    cause: 'The work was stopped because somebody asked for it.',
    cure: 'Launch it again if that was a mistake.',
    retryable: false,
  },
  RUNTIME_CRASHED: {
    cause: 'The process that did the work died.',
    cure: 'Try again; if it repeats with one model only, that model crashes ONNX Runtime.',
    retryable: true,
  },
  RUNTIME_START_FAILED: {
    cause: 'No process could be started for the work.',
    cure: 'Check the limits on processes and memory of this machine, then retry.',
    retryable: true,
  },
  RUNTIME_TASK_INVALID: {
    cause: 'The module of a task cannot be run as one, or an option of it is out of range.',
    cure: 'Export `async (input, context) => output` as default, with values that structured clone can copy.',
    retryable: false,
  },
  RUNTIME_PROVIDER_UNAVAILABLE: {
    cause: 'The requested execution provider does not work on this machine.',
    cure: 'Use `cpu` or `auto`, or run on a machine with an NVIDIA GPU and the CUDA files of ONNX Runtime.',
    retryable: false,
  },
  RUNTIME_MODEL_REFUSED: {
    cause: 'ONNX Runtime does not accept the model.',
    cure: 'Check the model with the ONNX checker and export it again, with an opset that ONNX Runtime knows.',
    retryable: false,
  },
  RUNTIME_RUN_FAILED: {
    cause: 'ONNX Runtime accepted the model but failed while running it.',
    cure: 'Check that the model runs on one image outside Kneepoint, then export it again.',
    retryable: false,
  },
  RUNTIME_FEED_INVALID: {
    cause: 'What was fed to a model is not what its inputs take.',
    cure: 'Feed every input by name, with the type and dimensions that the message names.',
    retryable: false,
  },
  RUNTIME_VALUE_UNKNOWN: {
    cause: 'The model does not make a value that was asked for.',
    cure: 'Use the taps that were found in this very model.',
    retryable: false,
  },
  RUNTIME_RESPONSES_SHAPE: {
    cause: 'The responses of a layer do not have the number of images or filters that was expected.',
    cure: 'Extract again with the taps of this model and the images of this data set.',
    retryable: false,
  },
  RUNTIME_RESPONSES_NOT_FINITE: {
    cause: 'A filter responds to an image with NaN or infinity.',
    cure: 'Check the preprocessing of the images and the weights of the layer.',
    retryable: false,
  },
  RUNTIME_FEATURES_INVALID: {
    cause: 'A file of responses is damaged or was not written by Kneepoint.',
    cure: 'Extract the responses again.',
    retryable: false,
  },
  RUNTIME_LAYER_MISSING: {
    cause: 'A file of responses does not hold the layer that was asked for.',
    cure: 'Ask for one of the layers that the message names.',
    retryable: false,
  },
  MODEL_FILE_MISSING: {
    cause: 'The model file is not there.',
    cure: 'Correct the path.',
    retryable: false,
  },
  MODEL_ARCHIVE: {
    cause: 'The archive of a model does not hold exactly one .onnx file.',
    cure: 'Pack the .onnx file and the files of its weights as they lie beside it, and nothing else, as tar, tar.gz or zip.',
    retryable: false,
  },
  MODEL_FILE_UNREADABLE: {
    cause: 'The model file is not a plain file, or may not be read.',
    cure: 'Give the path of an .onnx file that this user may read.',
    retryable: false,
  },
  EXTERNAL_DATA_MISSING: {
    cause: 'A file with weights that the model points to cannot be read.',
    cure: 'Copy the external data files into the folder of the model.',
    retryable: false,
  },
} as const satisfies Record<string, FailureKind>;
