import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import { type ServiceParts, type StepContext, type StepHandler, withTemporaryFolder } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import { checkTraining, type FinetuneInput, type FinetuneOutput } from '@kneepoint/workflow';
import { resolveNetwork, resolveOutput } from './resolve-network.ts';
import type { FinetuneTaskInput, FinetuneTaskOutput } from './tasks/finetune.task.ts';
import { settledTraining } from './settled-training.ts';
import { DECLARED, TRAINED } from './trained-file.ts';
import type { CheckpointEvent } from './training/fit.ts';

const TASK = new URL('./tasks/finetune.task.ts', import.meta.url);
const TIMEOUT_MS = 48 * 3600_000;
/** For a training that is told to stop: the step that it is in, and its last checkpoint on the way to the store. */
const GRACE_MS = 22_000;

/**
 * Trains in a child process from the last checkpoint of the same work, stores its checkpoints on the way and the network at the end.
 * Told to stop, it saves what it has done so far.
 */
export function finetune({ config }: ServiceParts): StepHandler {
  return (context) =>
    withTemporaryFolder(config.dataDir, async (folder) => {
      const { input, signal, progress, store, checkpoint } = context;
      const job = input as FinetuneInput;
      checkTraining(job.settings);
      const settled = await settledTraining(job, context);
      if (settled) return { output: settled };
      const archivePath = await store.localPath(job.datasetSha256);
      const network = await resolveNetwork(job.network, context);
      const answersPath = job.distill && (await resolveOutput(job.distill.answers, context));
      const resumePath = await fetchCheckpoint(context, join(folder, 'resume'));
      const { declared, ...output } = await runTask<FinetuneTaskInput, FinetuneTaskOutput>(
        TASK,
        {
          job,
          network,
          archivePath,
          outFolder: folder,
          ...(answersPath === undefined ? {} : { answersPath }),
          ...(resumePath === undefined ? {} : { resumePath }),
        },
        {
          provider: config.provider,
          memoryMb: config.memoryMb,
          timeoutMs: TIMEOUT_MS,
          signal,
          graceMs: GRACE_MS,
          onProgress: progress,
          onEvent: async (event) => {
            const { path, position } = event as CheckpointEvent;
            await checkpoint.save(path, position);
          },
        },
      );
      const mediaType = 'application/octet-stream';
      const { sha256 } = await store.put(join(folder, TRAINED), { mediaType });
      const asDeclared = declared ? await store.put(join(folder, DECLARED), { mediaType }) : undefined;
      const networks = { modelSha256: sha256, ...(asDeclared ? { declaredSha256: asDeclared.sha256 } : {}) };
      return { output: { ...networks, ...output } satisfies FinetuneOutput, provider: output.provider };
    });
}

/** The last checkpoint as a local file; without one, or when its bytes are gone, the training begins anew. */
async function fetchCheckpoint({ checkpoint, store, log }: StepContext, path: string): Promise<string | undefined> {
  const saved = await checkpoint.load();
  if (saved === undefined) return undefined;
  try {
    await store.fetch(saved.sha256, path);
    log.info({ position: saved.position }, 'goes on from a checkpoint');
    return path;
  } catch (error) {
    const { code } = Failure.from(error);
    if (code !== 'STORE_NOT_FOUND' && code !== 'STORE_CORRUPT') throw error;
    log.warn({ error }, 'the checkpoint cannot be read; the training begins anew');
    return undefined;
  }
}
