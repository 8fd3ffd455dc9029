/** What is used of sql.js, which brings no types. */
declare module 'sql.js' {
  type Value = number | string | Uint8Array | null;

  interface SqlStatement {
    step(): boolean;
    get(): Value[];
    free(): void;
  }

  export interface SqlDatabase {
    prepare(query: string): SqlStatement;
    run(statements: string, values?: readonly Value[]): void;
    export(): Uint8Array;
    close(): void;
  }

  export default function initSqlJs(): Promise<{ readonly Database: new (bytes?: Uint8Array) => SqlDatabase }>;
}
