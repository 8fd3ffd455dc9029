import { stringify } from 'yaml';
import type { DeploymentConfig } from './config.ts';

/** What stands where the user's own storage is to be named. */
export const STORAGE_PLACEHOLDER = 's3://BUCKET/FOLDER/triton';

/**
 * KServe's InferenceService (serving.kserve.io/v1beta1) on its Triton runtime, which reads the folder `triton` of the package from the
 * storage: the model repository with the network, its labels and config.pbtxt.
 */
export function inferenceService({ name }: Pick<DeploymentConfig, 'name'>, storageUri = STORAGE_PLACEHOLDER): string {
  return stringify({
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name },
    spec: {
      predictor: {
        model: {
          modelFormat: { name: 'triton' },
          runtime: 'kserve-tritonserver',
          protocolVersion: 'v2',
          storageUri,
        },
      },
    },
  });
}
