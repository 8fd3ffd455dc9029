import { Prisma } from '@kneepoint/platform';
import { FINETUNE, PRUNE, REPORT } from '@kneepoint/workflow';
import type { ListSource } from './list-pages.ts';
import { decodeCursor, decodeNumber, encodeCursor, encodeNumber, type Position } from './pages.ts';
import { Remembered } from './remembered.ts';

/** Steps and attempts change with their run's `seq` alone, so a page of them is read once for each. */
const PAGE_BYTES = 4 * 2 ** 20;

export interface StepRow {
  readonly id: string;
  readonly position: number;
  readonly name: string;
  readonly kind: string;
  readonly service: string;
  readonly state: string;
  readonly reused: boolean;
  readonly failure: unknown;
  readonly done: number;
  readonly total: number | null;
  readonly unit: string | null;
  readonly message: string | null;
  readonly etaSeconds: number | null;
}

export interface StepAttemptRow {
  readonly id: string;
  readonly number: number;
  readonly worker: string;
  readonly outcome: string | null;
  readonly failure: unknown;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}

export interface AttemptRow extends StepAttemptRow {
  /** Name of the step. */
  readonly step: string;
}

export interface TrainingRow {
  readonly position: number;
  readonly key: string;
  readonly name: string;
  readonly state: string;
  readonly reused: boolean;
  readonly etaSeconds: number | null;
  readonly failure: unknown;
  readonly input: unknown;
  readonly output: unknown;
}

/**
 * A step that made something: of what went in and came out what names it. What was measured can be long, and comes by a loader of its own to
 * whoever asks for it.
 */
export interface MadeRow {
  readonly id: string;
  readonly position: number;
  readonly kind: string;
  readonly input: unknown;
  readonly output: unknown;
}

/** Steps of a run in their order. */
const byPosition = {
  order: Prisma.sql`position`,
  after: (position: number): Prisma.Sql => Prisma.sql`position > ${position}`,
  encode: ({ position }: { readonly position: number }): string => encodeNumber(position),
  decode: decodeNumber,
};

/** What can be asked of them, without what goes in and comes out: a regression's input alone names every shard of a large data set. */
export const STEPS: ListSource<StepRow, number> = {
  ...byPosition,
  columns: Prisma.sql`id, position, name, kind, service, state, reused, failure, done, total, unit,
    CASE state WHEN 'RUNNING' THEN message END AS message,
    CASE state WHEN 'RUNNING' THEN eta_seconds END AS "etaSeconds"`,
  rows: Prisma.sql`FROM "public"."step" WHERE run_id = owner.id`,
  remembered: new Remembered(PAGE_BYTES),
};

const ATTEMPT = Prisma.sql`attempt.id, number, attempt.worker, outcome, attempt.failure,
  attempt.started_at AS "startedAt", attempt.ended_at AS "endedAt"`;

/** Tries at one step. */
export const STEP_ATTEMPTS: ListSource<StepAttemptRow, number> = {
  columns: ATTEMPT,
  rows: Prisma.sql`FROM "public"."attempt" WHERE step_id = owner.id`,
  remembered: new Remembered(PAGE_BYTES),
  order: Prisma.sql`number`,
  after: (number) => Prisma.sql`number > ${number}`,
  encode: ({ number }) => encodeNumber(number),
  decode: decodeNumber,
};

/** Tries at every step of a run, oldest first. */
export const RUN_ATTEMPTS: ListSource<AttemptRow, Position> = {
  columns: Prisma.sql`step.name AS step, ${ATTEMPT}`,
  rows: Prisma.sql`FROM "public"."attempt" JOIN "public"."step" ON step.id = attempt.step_id WHERE step.run_id = owner.id`,
  remembered: new Remembered(PAGE_BYTES),
  order: Prisma.sql`attempt.started_at, attempt.id`,
  after: ({ createdAt, id }) => Prisma.sql`(attempt.started_at, attempt.id) > (${createdAt}::timestamptz, ${id})`,
  encode: ({ startedAt, id }) => encodeCursor({ createdAt: startedAt, id }),
  decode: decodeCursor,
};

/** What a search that is over did not need passes an earlier result on and has made nothing itself. */
const OWN = Prisma.sql`output->'settled' IS NULL`;

/** Trainings in whatever state, with what they are to do and what they made. */
export const TRAININGS: ListSource<TrainingRow, number> = {
  ...byPosition,
  columns: Prisma.sql`position, key, name, state, reused, eta_seconds AS "etaSeconds", failure, input, output`,
  rows: Prisma.sql`FROM "public"."step" WHERE run_id = owner.id AND kind = ${FINETUNE.kind} AND ${OWN}`,
};

/** Members of a JSON object, as one that has no others. */
const members = (of: Prisma.Sql, ...names: readonly string[]): Prisma.Sql =>
  Prisma.sql`(SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(${of}) WHERE key = ANY(${[...names]}))`;

const MADE = Prisma.sql`id, position, kind, ${members(Prisma.sql`input`, 'label', 'options', 'modelName', 'tasks')} AS input,
  ${members(Prisma.sql`output`, 'modelSha256', 'declaredSha256', 'reportSha256')} || jsonb_build_object(
    'report', ${members(Prisma.sql`output->'report'`, 'task', 'epsilon', 'measured')}) AS output`;

/** Prunings that have succeeded. */
export const PRUNINGS: ListSource<MadeRow, number> = {
  ...byPosition,
  columns: MADE,
  rows: Prisma.sql`FROM "public"."step" WHERE run_id = owner.id AND kind = ${PRUNE.kind} AND state = 'SUCCEEDED' AND ${OWN}`,
};

/** Reports of compressions that have succeeded, or the prunings themselves where nothing is trained and so nothing reported. */
export const COMPRESSIONS: ListSource<MadeRow, number> = {
  ...byPosition,
  columns: MADE,
  rows: Prisma.sql`FROM "public"."step" WHERE run_id = owner.id AND state = 'SUCCEEDED' AND ${OWN} AND kind =
    CASE WHEN EXISTS (SELECT FROM "public"."step" other WHERE other.run_id = owner.id AND other.kind = ${REPORT.kind})
    THEN ${REPORT.kind} ELSE ${PRUNE.kind} END`,
};
