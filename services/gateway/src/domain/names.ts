import { Failure, type FailureCode } from '@kneepoint/failures';
import { isDuplicate, isRunTerminal, RUN_STATES, type Transaction } from '@kneepoint/platform';
import type { Context } from '../context.ts';
import { globalId } from './ids.ts';

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._ -]{0,99}$/u;

export const ENDED = RUN_STATES.filter(isRunTerminal);

interface NamedRow {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly removedAt: Date | null;
}

/** Models or data sets: rows that name a content. Any number of names may lead to the same one. */
export interface Named<Row extends NamedRow> {
  readonly noun: 'model' | 'data set';
  readonly unknown: FailureCode;
  readonly inUse: FailureCode;
  /** The row of an id, unless its name was removed. */
  find(tx: Transaction, id: string): Promise<Row | null>;
  /** Rows of a name, removed ones too. */
  called(tx: Transaction, name: string): Promise<readonly Row[]>;
  /** What is equal for rows of the same content. */
  content(row: Row): string;
  rename(tx: Transaction, id: string, name: string): Promise<Row>;
  /** Takes the name away by the database's clock. */
  remove(tx: Transaction, row: Row): Promise<unknown>;
  /** Gives what refers to one row to another of the same content, and deletes the first. */
  merge(tx: Transaction, rows: { readonly from: string; readonly into: string }): Promise<void>;
  /** A run that has not ended and needs this row. */
  user(tx: Transaction, row: Row): Promise<{ readonly id: string; readonly kind: string } | null>;
}

/** Throws NAME_INVALID. */
export function requireName(name: string, where = 'name'): string {
  if (NAME.test(name)) return name;
  throw new Failure('NAME_INVALID', `${JSON.stringify(name.slice(0, 80))} is not a name`, {
    where,
    fix: 'Start with a letter or digit; go on with letters, digits, spaces, dots, dashes or underscores; 100 characters at most.',
  });
}

/** Gives a row another name. A name that something else bears is refused: nobody could tell the two apart by it. */
export async function rename<Row extends NamedRow>(
  { db }: Context,
  named: Named<Row>,
  id: string,
  name: string,
): Promise<Row> {
  requireName(name);
  try {
    return await db.transaction(async (tx) => {
      const row = await required(tx, named, id);
      if (row.name === name) return row;
      const others = await named.called(tx, name);
      if (others.some(({ removedAt }) => removedAt === null)) throw taken(named.noun, name);
      // The same content under a name that was removed: what refers to it goes on with this row.
      const twin = others.find((other) => named.content(other) === named.content(row));
      if (twin !== undefined) await named.merge(tx, { from: twin.id, into: id });
      return await named.rename(tx, id, name);
    });
  } catch (error) {
    // Somebody registered it in this very moment.
    throw isDuplicate(error) ? taken(named.noun, name) : error;
  }
}

/**
 * Takes a name away. The row stays until no run refers to it, and the content until no row does; both are collected by
 * `kneepoint gc`.
 */
export async function remove<Row extends NamedRow>({ db }: Context, named: Named<Row>, id: string): Promise<Row> {
  return db.transaction(async (tx) => {
    const row = await required(tx, named, id);
    const run = await named.user(tx, row);
    if (run !== null) {
      throw new Failure(named.inUse, `${named.noun} "${row.name}" is used by a run that has not ended (${run.kind})`, {
        where: 'id',
        fix: `Cancel run ${globalId('Run', run.id)}, or wait until it has ended.`,
      });
    }
    await named.remove(tx, row);
    return row;
  });
}

async function required<Row extends NamedRow>(tx: Transaction, named: Named<Row>, id: string): Promise<Row> {
  const row = await named.find(tx, id);
  if (row !== null) return row;
  throw new Failure(named.unknown, `no ${named.noun} has this id`, {
    where: 'id',
    fix: `List the ${named.noun}s and pass the id of one.`,
  });
}

function taken(noun: string, name: string): Failure {
  return new Failure('NAME_TAKEN', `another ${noun} is called "${name}", or this one is already`, {
    where: 'name',
    fix: 'Choose another name, or rename or remove the other one first.',
  });
}
