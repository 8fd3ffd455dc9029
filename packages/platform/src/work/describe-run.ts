import type { Bus } from '../bus/bus.ts';
import type { Database } from '../database/database.ts';
import { Prisma, type Run } from '../database/generated/client.ts';
import { changeRun } from './change-run.ts';
import { tellChange } from './run-events.ts';
import { runNotFound } from './run-not-found.ts';
import { storedJson } from './stored-json.ts';

/** What people say of a run; what is left out stays, null takes away. */
export interface RunDetails {
  readonly name?: string | null;
  /** `key=value`, in the order of the keys. */
  readonly labels?: readonly string[];
  readonly metadata?: object | null;
}

/** Says something else of a run, whether it has ended or not. Throws RUN_NOT_FOUND. */
export async function describeRun(
  db: Database,
  bus: Bus,
  id: string,
  { name, labels, metadata }: RunDetails,
): Promise<Run> {
  const change = await changeRun(db, id, async (tx) => {
    await tx.run.update({
      where: { id },
      data: {
        ...(name === undefined ? {} : { name }),
        ...(labels === undefined ? {} : { labels: [...labels] }),
        ...(metadata === undefined ? {} : { metadata: metadata === null ? Prisma.DbNull : storedJson(metadata) }),
      },
    });
  });
  const run = change && (await db.prisma.run.findUnique({ where: { id } }));
  if (!run) throw runNotFound(id);
  tellChange(bus, id, change.seq);
  return run;
}
