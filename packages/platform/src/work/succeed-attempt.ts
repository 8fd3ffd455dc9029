import type { Transaction } from '../database/client.ts';
import type { Database } from '../database/database.ts';
import type { ArtifactStore } from '../store/artifact-store.ts';
import { changeRun, type RunChange, Unchanged } from './change-run.ts';
import type { AttemptReference } from './end-attempt.ts';
import { forgetCheckpoint } from './forget-checkpoint.ts';
import { storedJson } from './stored-json.ts';

/** A result under a key of its own, found by whoever asks for that key. */
export interface ContentResult {
  readonly key: string;
  readonly kind: string;
  readonly output: object;
}

export interface ArtifactRecord {
  readonly sha256: string;
  readonly bytes: number;
  readonly mediaType: string;
}

export interface AttemptSuccess {
  readonly output: object;
  readonly results?: readonly ContentResult[];
  readonly artifacts?: readonly ArtifactRecord[];
  /** What the step ran on, such as `cpu` or `cuda`. */
  readonly provider?: string;
  /**
   * Writes rows in the transaction that ends the step: all of it becomes visible, or none. May return the output, where it is
   * only known here, such as the id of a row that another run was first to write. May run again after a conflict.
   */
  readonly commit?: (tx: Transaction) => Promise<object | void>;
}

/**
 * Ends a step with its result: step, results, artifacts and rows, what they free and what must be published, in one fenced
 * transaction. `value` is false when the attempt had lost its token; then nothing was written. Safe to repeat after a commit
 * whose answer was lost. The step's checkpoint is gone with it; its file is deleted from `store`.
 */
export async function succeedAttempt(
  db: Database,
  { runId, stepId, token }: AttemptReference,
  success: AttemptSuccess,
  store?: Pick<ArtifactStore, 'delete'>,
): Promise<RunChange<boolean> | undefined> {
  let checkpoint: string | undefined;
  const change = await changeRun(db, runId, async (tx, run) => {
    const step = await tx.step.findUnique({ where: { id: stepId } });
    if (step?.token === token && step.state === 'SUCCEEDED') return new Unchanged(true);
    if (step?.token !== token || step.state !== 'RUNNING') return new Unchanged(false);
    const { projectId } = run;
    const written = await success.commit?.(tx);
    const output = storedJson(written ?? success.output);
    const artifacts = (success.artifacts ?? []).map(({ sha256 }) => sha256);
    await tx.step.update({
      where: { id: stepId },
      data: {
        state: 'SUCCEEDED',
        output,
        leaseUntil: null,
        endedAt: run.now,
        etaSeconds: null,
        ...(step.total === null ? {} : { done: step.total }),
      },
    });
    await tx.attempt.update({
      where: { token },
      data: { endedAt: run.now, outcome: 'SUCCEEDED', provider: success.provider ?? null },
    });
    await tx.artifact.createMany({
      data: (success.artifacts ?? []).map((artifact) => ({ ...artifact, projectId, createdAt: run.now })),
      skipDuplicates: true,
    });
    const saved = await tx.checkpoint.findFirst({ where: { projectId, key: step.key } });
    if (saved !== null) await tx.checkpoint.deleteMany({ where: { projectId, key: step.key } });
    checkpoint = saved?.sha256;
    // The first to finish wins: a result never changes under a key that others may have read.
    await tx.result.createMany({
      data: [
        { projectId, key: step.key, kind: step.kind, output, artifacts, createdAt: run.now },
        ...(success.results ?? []).map((result) => ({
          projectId,
          key: result.key,
          kind: result.kind,
          output: storedJson(result.output),
          artifacts,
          createdAt: run.now,
        })),
      ],
      skipDuplicates: true,
    });
    return true;
  });
  if (checkpoint !== undefined && store !== undefined) await forgetCheckpoint(db, store, checkpoint);
  return change;
}
