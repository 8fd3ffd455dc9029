import { Failure } from '@kneepoint/failures';

export const PAGE_LIMIT = 100;

export interface PageRequest {
  readonly first: number;
  readonly after?: string | null | undefined;
}

export interface Page<Row> {
  readonly edges: { readonly cursor: string; readonly node: Row }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: Promise<number>;
}

/** The position after which a page starts: rows are ordered by creation, newest first, ties by id. */
export interface Position {
  readonly createdAt: Date;
  readonly id: string;
}

export function readPage({ first, after }: PageRequest): { readonly take: number; readonly position: Position | null } {
  return { take: pageSize(first), position: after === undefined || after === null ? null : decodeCursor(after) };
}

/** Throws PAGE_INVALID. */
export function pageSize(first: number): number {
  if (!Number.isInteger(first) || first < 1 || first > PAGE_LIMIT) {
    throw new Failure('PAGE_INVALID', `first is ${first}`, {
      where: 'first',
      fix: `Ask for 1 to ${PAGE_LIMIT} at a time.`,
    });
  }
  return first;
}

/** Prisma's condition for rows after a position in the order newest first. */
export function afterPosition(position: Position | null): object {
  if (!position) return {};
  const { createdAt, id } = position;
  // The first condition says nothing new, but lets the index start there: without it a deep page reads all before it.
  return { createdAt: { lte: createdAt }, OR: [{ createdAt: { lt: createdAt } }, { id: { lt: id } }] };
}

export const NEWEST_FIRST = [{ createdAt: 'desc' as const }, { id: 'desc' as const }];

export interface PageParts<Row, Node> {
  /** One more than was asked for, where there are: it only says that there is more. */
  readonly rows: readonly Row[];
  readonly take: number;
  /** Where the page begins; absent for the first. */
  readonly after: string | null | undefined;
  readonly toNode: (row: Row, index: number) => Node;
  /** Counts all there are; called only for who asks. */
  readonly count: () => Promise<number>;
}

/** A page of rows in the order of their creation. */
export function toPage<Row extends Position, Node>(parts: PageParts<Row, Node>): Page<Node> {
  return orderedPage(parts, encodeCursor);
}

/** A page of rows in whatever order their cursors stand for. */
export function orderedPage<Row, Node>(
  { rows, take, after, toNode, count }: PageParts<Row, Node>,
  encode: (row: Row) => string,
): Page<Node> {
  const edges = rows.slice(0, take).map((row, index) => ({ cursor: encode(row), node: toNode(row, index) }));
  return counted(
    {
      edges,
      pageInfo: {
        hasNextPage: rows.length > take,
        // A cursor was made from a row, and that one comes before.
        hasPreviousPage: after !== undefined && after !== null,
        startCursor: edges.at(0)?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
    },
    count,
  );
}

/** A page without how many there are in all, which can be kept. */
export type Leaf<Node> = Omit<Page<Node>, 'totalCount'>;

/** A page that counts what there is in all for who asks. */
export function counted<Node>({ edges, pageInfo }: Leaf<Node>, count: () => Promise<number>): Page<Node> {
  return {
    edges,
    pageInfo,
    get totalCount() {
      return count();
    },
  };
}

export function encodeCursor({ createdAt, id }: Position): string {
  return Buffer.from(`${createdAt.toISOString()} ${id}`).toString('base64url');
}

/** As toISOString writes it, in years that the database knows. */
const TIME = /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Throws PAGE_INVALID. */
export function decodeCursor(cursor: string): Position {
  const [time = '', id = ''] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const createdAt = new Date(time);
  if (!TIME.test(time) || Number.isNaN(createdAt.getTime()) || !/^[\w-]{1,64}$/.test(id)) {
    throw foreignCursor();
  }
  return { createdAt, id };
}

/** The cursor of a list that is ordered by a number which no two of its rows share. */
export function encodeNumber(value: number): string {
  return Buffer.from(`#${value}`).toString('base64url');
}

/** Throws PAGE_INVALID. */
export function decodeNumber(cursor: string): number {
  const digits = /^#(\d{1,9})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'))?.[1];
  if (digits === undefined) throw foreignCursor();
  return Number(digits);
}

function foreignCursor(): Failure {
  return new Failure('PAGE_INVALID', 'after is not a cursor of this list', {
    where: 'after',
    fix: 'Pass an endCursor as a page returned it.',
  });
}
