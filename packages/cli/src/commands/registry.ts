import type { Command } from 'commander';
import { registerAnalyze } from './analyze.ts';
import { registerBenchmark } from './benchmark.ts';
import { registerCompletion } from './completion.ts';
import { registerCompress } from './compress.ts';
import { registerCurves } from './curves.ts';
import { registerDatasetCommands } from './dataset.ts';
import { registerDemo } from './demo.ts';
import { registerDoctor } from './doctor.ts';
import { registerExport } from './export.ts';
import { registerFaces } from './faces.ts';
import { registerFinetune } from './finetune.ts';
import { registerGc } from './gc.ts';
import { registerGet } from './get.ts';
import { registerInspect } from './inspect.ts';
import { registerLogin } from './login.ts';
import { registerMatrix } from './matrix.ts';
import { registerMigrate } from './migrate.ts';
import { registerModelCommands } from './model.ts';
import { registerPackage } from './package.ts';
import { registerPlan } from './plan.ts';
import { registerProject } from './project.ts';
import { registerPrune } from './prune.ts';
import { registerReproduce } from './reproduce.ts';
import { registerRuns } from './runs.ts';
import { registerServices } from './services.ts';
import { registerSurgery } from './surgery.ts';
import { registerToken } from './token.ts';
import { registerTrain } from './train.ts';
import { registerUp } from './up.ts';
import { registerWebhook } from './webhook.ts';

/** In the order of the help: the main job first, then its parts, then files without a server, then serving. */
export const COMMANDS: readonly ((program: Command) => void)[] = [
  registerDemo,
  registerCompress,
  registerModelCommands,
  registerDatasetCommands,
  registerAnalyze,
  registerMatrix,
  registerCurves,
  registerPlan,
  registerPrune,
  registerFinetune,
  registerTrain,
  registerBenchmark,
  registerRuns,
  registerGet,
  registerPackage,
  registerExport,
  registerInspect,
  registerSurgery,
  registerFaces,
  registerReproduce,
  registerUp,
  registerLogin,
  registerToken,
  registerProject,
  registerWebhook,
  registerServices,
  registerMigrate,
  registerDoctor,
  registerGc,
  registerCompletion,
];
