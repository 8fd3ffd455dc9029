export { readAnswerKind } from './answers/answer-kind.ts';
export { answerFile } from './answers/answer-file.ts';
export { withAnswers } from './answers/with-answers.ts';
export { buildPackage, type PackageRequest } from './package/build-package.ts';
export { configOf, type ConfigTask, type DeploymentConfig } from './package/config.ts';
export { zipFolder } from './package/zip-folder.ts';
export { inferenceService } from './package/kserve.ts';
export { modelCard } from './package/model-card.ts';
export { tritonConfig, tritonLabels } from './package/triton.ts';
