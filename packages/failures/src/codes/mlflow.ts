import type { FailureKind } from '../kind.ts';

export const mlflowFailures = {
  MLFLOW_UNREACHABLE: {
    cause: 'No MLflow server answers at the address that was given.',
    cure: 'Start it with `mlflow server`, correct the address, or set what logs in.',
    retryable: true,
  },
  MLFLOW_REFUSED: {
    cause: 'The MLflow server refused what was asked of it, or keeps files where it does not hand them on.',
    cure: 'Do what its message says; the log of the server has more.',
    retryable: false,
  },
  MLFLOW_OPTION_INVALID: {
    cause: 'What was asked for cannot be exported in this way.',
    cure: 'Correct the option that the message names.',
    retryable: false,
  },
  MLFLOW_MODEL_UNKNOWN: {
    cause: 'The registry has no such model, version or alias, or none of ONNX.',
    cure: 'Pass models:/NAME@ALIAS or models:/NAME/VERSION of a model that was logged as ONNX.',
    retryable: false,
  },
  REPORT_MISSING: {
    cause: 'The run has no report: it has not ended well, makes none, or was measured by another version.',
    cure: 'Pass a pruning or compression that has succeeded, or run it again.',
    retryable: false,
  },
} as const satisfies Record<string, FailureKind>;
