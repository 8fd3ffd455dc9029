import type { Services } from '../context.ts';
import type { Progress } from '../schema/run.ts';

interface ProgressRow {
  readonly id: string;
  readonly stepsDone: number;
  readonly stepsTotal: number;
  readonly fraction: number;
  readonly current: string | null;
  readonly kind: string | null;
  readonly state: string | null;
  readonly message: string | null;
  readonly unit: string | null;
  readonly done: number | null;
  readonly total: number | null;
  readonly ratePerSecond: number | null;
}

export const NO_PROGRESS: Progress = {
  ...{ fraction: 0, stepsDone: 0, stepsTotal: 0, current: null, kind: null, state: null, message: null },
  ...{ done: null, total: null, unit: null, ratePerSecond: null, etaSeconds: null },
};

/**
 * How far runs are, each added up where its steps lie: what `summarizeProgress` says of one run's steps, for a page of runs in one
 * statement that reads none of them.
 */
export async function readProgress(
  { prisma }: Services['db'],
  runIds: readonly string[],
): Promise<(Progress & { readonly id: string })[]> {
  const rows = await prisma.$queryRaw<ProgressRow[]>`
    SELECT run.id, steps.*, current.name AS current, current.kind, current.state, counted.*,
      CASE current.state WHEN 'RUNNING' THEN current.message END AS message
    FROM unnest(${runIds}::text[]) AS run(id)
    CROSS JOIN LATERAL (
      SELECT count(*)::int AS "stepsTotal", (count(*) FILTER (WHERE state = 'SUCCEEDED'))::int AS "stepsDone",
        coalesce(avg(CASE WHEN state = 'SUCCEEDED' THEN 1 ELSE share END), 0)
          AS fraction,
        bool_or(state IN ('RUNNING', 'QUEUED', 'WAITING')) AS open
      FROM "public"."step" WHERE run_id = run.id) steps
    LEFT JOIN LATERAL (
      SELECT name, kind, state, message, unit FROM "public"."step" WHERE steps.open AND run_id = run.id AND state IN ('RUNNING', 'QUEUED', 'WAITING')
      ORDER BY CASE state WHEN 'RUNNING' THEN 0 WHEN 'QUEUED' THEN 1 ELSE 2 END, position LIMIT 1) current ON true
    LEFT JOIN LATERAL (
      SELECT coalesce(current.unit, (SELECT unit FROM "public"."step"
        WHERE run_id = run.id AND kind = current.kind AND unit IS NOT NULL ORDER BY position LIMIT 1)) AS unit
      ) counts ON current.name IS NOT NULL
    LEFT JOIN LATERAL (
      SELECT counts.unit,
        sum(coalesce(step.total, alike.typical)) AS total,
        sum(CASE WHEN state = 'SUCCEEDED' THEN coalesce(step.total, alike.typical, 0) ELSE done END) AS done,
        sum(rate_per_second) FILTER (WHERE state = 'RUNNING') AS "ratePerSecond"
      FROM "public"."step", (SELECT avg(total) AS typical FROM "public"."step"
        WHERE run_id = run.id AND kind = current.kind AND (unit IS NULL OR unit = counts.unit)) alike
      WHERE run_id = run.id AND kind = current.kind AND (unit IS NULL OR unit = counts.unit)) counted ON current.name IS NOT NULL`;
  return rows.map(toProgress);
}

function toProgress({ done, total, ratePerSecond, ...row }: ProgressRow): Progress & { readonly id: string } {
  const isKnown = total !== null && done !== null && ratePerSecond !== null && ratePerSecond > 0;
  return {
    ...{ id: row.id, fraction: row.fraction, stepsDone: row.stepsDone, stepsTotal: row.stepsTotal },
    ...{ current: row.current, kind: row.kind, state: row.state, message: row.message },
    ...{ unit: row.unit, ratePerSecond },
    etaSeconds: isKnown ? (total - done) / ratePerSecond : null,
    // Steps that have not said how much they are count as the mean of their siblings, which need not be whole.
    done: done === null ? null : Math.round(done),
    total: total === null ? null : Math.round(total),
  };
}
