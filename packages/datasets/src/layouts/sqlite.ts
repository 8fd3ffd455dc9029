import initSqlJs, { type SqlDatabase } from 'sql.js';

export type SqlValue = number | string | Uint8Array | null;

/** An SQLite database that is read, in memory. */
export interface Sqlite {
  /** Columns of a table by their names in lower case; undefined where there is no table of that name, in whatever case. */
  columns(table: string): ReadonlySet<string> | undefined;
  /** One row at a time. Throws an Error. */
  rows(query: string): Generator<readonly SqlValue[]>;
  close(): void;
}

let opened: ReturnType<typeof initSqlJs> | undefined;

/** Throws an Error where the bytes are no database. */
export async function openSqlite(bytes: Uint8Array): Promise<Sqlite> {
  opened ??= initSqlJs();
  const { Database } = await opened;
  const database = new Database(bytes);
  try {
    const tables = tablesOf(database);
    return {
      columns: (table) => tables.get(table.toLowerCase()),
      rows: (query) => rowsOf(database, query),
      close: () => database.close(),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Tables alone: a view may hide a query that never ends. */
function tablesOf(database: SqlDatabase): ReadonlyMap<string, ReadonlySet<string>> {
  const names = [...rowsOf(database, "SELECT name FROM sqlite_master WHERE type = 'table'")].map(([name]) =>
    String(name),
  );
  return new Map(
    names.map((name) => {
      const columns = [...rowsOf(database, `PRAGMA table_info("${name.replaceAll('"', '""')}")`)];
      return [name.toLowerCase(), new Set(columns.map(([, column]) => String(column).toLowerCase()))] as const;
    }),
  );
}

function* rowsOf(database: SqlDatabase, query: string): Generator<readonly SqlValue[]> {
  const statement = database.prepare(query);
  try {
    while (statement.step()) yield statement.get();
  } finally {
    statement.free();
  }
}
