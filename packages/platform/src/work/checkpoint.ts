import { Failure } from '@kneepoint/failures';
import type { Transaction } from '../database/client.ts';
import type { Database } from '../database/database.ts';
import type { ArtifactStore } from '../store/artifact-store.ts';
import { changeRun, type RunChange, Unchanged } from './change-run.ts';
import { type LockedRun } from './locked-run.ts';
import type { AttemptReference } from './end-attempt.ts';
import { forgetCheckpoint } from './forget-checkpoint.ts';
import { storedJson } from './stored-json.ts';

/** The last state that was saved of a step that has not ended. */
export interface SavedCheckpoint {
  /** The file, in the artifact store. */
  readonly sha256: string;
  /** What was said of it when it was saved. */
  readonly position: object;
}

/** Where a long step leaves what it has done so far, for the next attempt at the same content key, in whichever run. */
export interface StepCheckpoint {
  /** The last one, if its file is still there. */
  load(): Promise<SavedCheckpoint | undefined>;
  /**
   * Stores a file as the newest state; the one before goes once it is in place. `position` is what people may see of it, and
   * everyone who watches the run is told. Throws CHECKPOINT_NOT_WRITTEN: the one before then stays.
   */
  save(path: string, position: object): Promise<void>;
}

interface Surroundings {
  /** Bound to the project of the run. */
  readonly db: Database;
  readonly store: ArtifactStore;
  /** Content key of the step. */
  readonly key: string;
  readonly reference: AttemptReference;
  readonly onSaved: (seq: number | undefined) => void;
  /** The attempt no longer holds its step. */
  readonly onLost: () => void;
  /** The attempt goes on from what another one left. */
  readonly onLoaded: () => void;
}

/** The checkpoint of one attempt, fenced by its token. */
export class AttemptCheckpoint implements StepCheckpoint {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  async load(): Promise<SavedCheckpoint | undefined> {
    const { db, store, key, onLoaded } = this.#surroundings;
    const row = await db.prisma.checkpoint.findFirst({ where: { key } });
    if (row === null || !(await store.has(row.sha256))) return undefined;
    onLoaded();
    return { sha256: row.sha256, position: row.position as object };
  }

  async save(path: string, position: object): Promise<void> {
    const { db, store, reference, onLost, onSaved } = this.#surroundings;
    const sha256 = await this.#put(path);
    let change: RunChange<Saved> | undefined;
    try {
      change = await changeRun(db, reference.runId, (tx, run) => this.#point(tx, run, { sha256, position }));
    } catch (cause) {
      throw notWritten(cause);
    }
    const saved = change?.value ?? { held: false, obsolete: sha256 };
    if (!saved.held) onLost();
    onSaved(change?.seq);
    if (saved.obsolete !== undefined) await forgetCheckpoint(db, store, saved.obsolete);
    if (!saved.held) throw notWritten(new Error('the step was taken over by another attempt, or has ended'));
  }

  async #put(path: string): Promise<string> {
    try {
      return (await this.#surroundings.store.put(path)).sha256;
    } catch (cause) {
      throw notWritten(cause);
    }
  }

  async #point(
    tx: Transaction,
    { projectId, now }: LockedRun,
    { sha256, position }: SavedCheckpoint,
  ): Promise<Saved | Unchanged<Saved>> {
    const { key, reference } = this.#surroundings;
    const step = await tx.step.findUnique({ where: { id: reference.stepId } });
    const before = await tx.checkpoint.findFirst({ where: { projectId, key } });
    if (step?.token !== reference.token || step.state !== 'RUNNING') {
      return new Unchanged({ held: false, obsolete: before?.sha256 === sha256 ? undefined : sha256 });
    }
    const data = { sha256, position: storedJson(position), updatedAt: now };
    await tx.checkpoint.upsert({
      where: { projectId_key: { projectId, key } },
      create: { projectId, key, ...data },
      update: data,
    });
    return { held: true, obsolete: before?.sha256 === sha256 ? undefined : before?.sha256 };
  }
}

interface Saved {
  readonly held: boolean;
  /** A file that nothing refers to any more. */
  readonly obsolete: string | undefined;
}

function notWritten(cause: unknown): Failure {
  const reason = Failure.from(cause);
  return new Failure('CHECKPOINT_NOT_WRITTEN', `the checkpoint was not stored: ${reason.message}`, {
    ...(reason.where === undefined ? {} : { where: reason.where }),
    cause,
  });
}
