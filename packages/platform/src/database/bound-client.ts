import type { DatabaseClient } from './client.ts';

/** How rows of a table belong to a project: a condition of Prisma, by the project's id. Tables that are not here belong to none. */
const CONDITIONS: Readonly<Record<string, (projectId: string) => object>> = {
  Artifact: own,
  Audit: own,
  Checkpoint: own,
  Dataset: own,
  Delivery: own,
  DeliveryAttempt: own,
  Event: own,
  Model: own,
  Result: own,
  Run: own,
  Step: own,
  Token: own,
  Upload: own,
  Webhook: own,
  Attempt: (projectId) => ({ step: { projectId } }),
  Project: (id) => ({ id }),
};

function own(projectId: string): object {
  return { projectId };
}

/** What confines a statement of plain SQL to a project, by table: it must name one of these columns. */
const CONFINING: Readonly<Record<string, RegExp>> = {
  ...Object.fromEntries(
    [
      ...['artifact', 'audit', 'checkpoint', 'dataset', 'delivery', 'delivery_attempt', 'event', 'model', 'result'],
      ...['run', 'token', 'upload', 'webhook'],
    ].map((name) => [name, /project_id/]),
  ),
  step: /project_id|run_id/,
  attempt: /project_id|run_id|step_id/,
};

const TABLE = /\b(?:from|join|update|into)\s+(?:only\s+)?(?:"?public"?\.)?"?([a-z_]+)"?/gi;

interface Arguments {
  where?: Readonly<Record<string, unknown>>;
  data?: object | readonly object[];
  create?: object;
}

interface Operation {
  readonly model?: string | undefined;
  readonly operation: string;
  readonly args: unknown;
  readonly query: (args: never) => Promise<unknown>;
}

/**
 * The client of those who work in one project: each query finds, changes and makes rows of that project alone, whatever it asks for,
 * so that nobody has to think of it. Plain SQL cannot be changed so; a statement that names a table of projects and no column that
 * confines it is refused, as a defect. In transactions of this client it is the same.
 */
export function boundClient(client: DatabaseClient, projectId: string): DatabaseClient {
  const bound = client.$extends({
    query: {
      $allOperations({ model, operation, args, query }: Operation) {
        if (model === undefined) {
          requireConfined(args);
          return query(args as never);
        }
        const condition = CONDITIONS[model]?.(projectId);
        return query((condition === undefined ? args : confined(model, operation, args, condition)) as never);
      },
    },
  });
  // Queries alone are extended: all else is as it was.
  return bound as unknown as DatabaseClient;
}

function confined(model: string, operation: string, given: unknown, condition: object): Arguments {
  const args = (given ?? {}) as Arguments;
  // An attempt is made with the step that it belongs to, and projects are made by nobody who is bound to one.
  const columns = model === 'Attempt' ? {} : condition;
  switch (operation) {
    case 'create':
    case 'createMany':
    case 'createManyAndReturn':
      if (model === 'Project') throw new Error('a client that is bound to a project makes no other');
      return {
        ...args,
        data: Array.isArray(args.data)
          ? args.data.map((row: object) => ({ ...row, ...columns }))
          : { ...(args.data as object), ...columns },
      };
    case 'upsert':
      // Its condition stays what the database has a unique index for, or it would be two statements.
      return { ...args, where: withColumns(model, args.where, columns), create: { ...args.create, ...columns } };
    default:
      return { ...args, where: { ...args.where, AND: [condition, ...list(args.where?.['AND'])] } };
  }
}

/** The same unique value, of this project. */
function withColumns(
  model: string,
  where: Arguments['where'] = {},
  columns: object,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(where);
  const [name, value] = entries[0] ?? [];
  if (entries.length !== 1 || name?.includes('projectId') !== true) {
    throw new Error(`an upsert of ${model} must name the project with what is unique in it`);
  }
  return { [name]: { ...(value as object), ...columns } };
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function requireConfined(args: unknown): void {
  const text = sqlOf(args);
  for (const [, name = ''] of text.matchAll(TABLE)) {
    const column = CONFINING[name.toLowerCase()];
    if (column === undefined || column.test(text)) continue;
    throw new Error(`a statement reads or writes "${name}" without naming the project: ${text.slice(0, 200)}`);
  }
}

/** The text of a raw query, however it was asked: as a template, as composed SQL, or as a string with values. */
function sqlOf(args: unknown): string {
  if (typeof args === 'string') return args;
  if (Array.isArray(args)) return args.map((part) => (typeof part === 'string' ? part : sqlOf(part))).join(' ');
  if (typeof args !== 'object' || args === null) return '';
  const { sql, strings } = args as { readonly sql?: unknown; readonly strings?: readonly string[] };
  return typeof sql === 'string' ? sql : (strings ?? []).join(' ');
}
