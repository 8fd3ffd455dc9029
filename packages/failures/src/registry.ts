import type { FailureKind } from './kind.ts';
import { apiFailures } from './codes/api.ts';
import { datasetFailures } from './codes/datasets.ts';
import { deploymentFailures } from './codes/deployment.ts';
import { httpFailures } from './codes/http.ts';
import { identityFailures } from './codes/identity.ts';
import { mlflowFailures } from './codes/mlflow.ts';
import { onnxFailures } from './codes/onnx.ts';
import { platformFailures } from './codes/platform.ts';
import { pruningFailures } from './codes/pruning.ts';
import { regressionFailures } from './codes/regression.ts';
import { runtimeFailures } from './codes/runtime.ts';
import { trainingFailures } from './codes/training.ts';

/** Every failure code. Adding one is adding a line to the file of its family under codes/. */
export const FAILURES = {
  ...onnxFailures,
  ...pruningFailures,
  ...regressionFailures,
  ...datasetFailures,
  ...runtimeFailures,
  ...platformFailures,
  ...trainingFailures,
  ...deploymentFailures,
  ...apiFailures,
  ...httpFailures,
  ...identityFailures,
  ...mlflowFailures,
} as const satisfies Record<string, FailureKind>;

export type FailureCode = keyof typeof FAILURES;
