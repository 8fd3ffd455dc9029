import type { FolderOptions, Preprocess } from '@kneepoint/datasets';
import { runTask } from '@kneepoint/runtime';
import { readConfigBeside, readPreprocessBeside } from './preprocess-beside.ts';
import type { CheckModelInput, ModelCheck } from './tasks/check-model.task.ts';

export interface CheckModelOptions {
  /** What was said of the pixels elsewhere, and where; else what lies beside the file or in it. */
  readonly declared?: { readonly preprocess: Preprocess; readonly from: string };
  readonly reading?: FolderOptions;
  readonly outFolder?: string;
  /** Pictures that are measured at most. Default 64, spread over all. */
  readonly most?: number;
  /** Resident memory that the child process may use, in megabytes. */
  readonly memoryMb?: number;
  readonly signal?: AbortSignal;
}

const TASK = new URL('./tasks/check-model.task.ts', import.meta.url);

/**
 * What a model file gets of the pictures of a folder or packed data set, and what looks wrong with it. Throws ONNX_*, RUNTIME_*, DATASET_*
 * and PREPROCESS_* failures.
 */
export async function checkModelFile(
  modelPath: string,
  dataPath: string,
  { declared, reading, outFolder, most = 64, memoryMb = 8192, signal }: CheckModelOptions = {},
): Promise<ModelCheck> {
  const beside = declared ? undefined : await readPreprocessBeside(modelPath);
  const said = declared ?? (beside && { preprocess: beside, from: 'the .preprocess.json beside the model' });
  const hub = said ? undefined : await readConfigBeside(modelPath);
  const size = said?.preprocess.size ?? hub?.preprocess.size;
  const input: CheckModelInput = {
    ...{ modelPath, dataPath, most },
    ...(reading ? { reading } : {}),
    ...(said ? { declared: said } : {}),
    ...(hub ? { hub } : {}),
    ...(size ? { size } : {}),
    ...(outFolder === undefined ? {} : { outFolder }),
  };
  return runTask<CheckModelInput, ModelCheck>(TASK, input, {
    ...{ memoryMb, timeoutMs: 15 * 60_000 },
    ...(signal ? { signal } : {}),
  });
}
