import { Prisma } from '@kneepoint/platform';
import DataLoader from 'dataloader';
import type { Services } from '../context.ts';
import { type Gathering, type Loader, rememberingLoader } from './loader.ts';
import { counted, type Leaf, orderedPage, type Page, type PageRequest, pageSize } from './pages.ts';
import type { Remembered } from './remembered.ts';

/** Where the rows of a list are, and in which order; SQL in which `owner.id` is the row that the list belongs to. */
export interface ListSource<Row, Cursor> {
  readonly columns: Prisma.Sql;
  /** From which table, under which conditions. */
  readonly rows: Prisma.Sql;
  readonly order: Prisma.Sql;
  /** The condition for rows that come after. */
  readonly after: (cursor: Cursor) => Prisma.Sql;
  readonly encode: (row: Row) => string;
  /** Throws PAGE_INVALID. */
  readonly decode: (cursor: string) => Cursor;
  /** Pages as they were given, for lists of owners of which it is known whether anything has changed. */
  readonly remembered?: Remembered<Leaf<unknown>>;
}

/** The row that a list belongs to. */
export interface ListOwner {
  readonly id: string;
  /** Changes with whatever of the list can change. */
  readonly version?: string;
}

interface PageKey {
  readonly owner: string;
  readonly take: number;
  readonly after: string | null;
}

/** Reads a list of many owners at once. */
export interface ListLoader<Row> {
  readonly rows: Loader<PageKey, readonly Row[]>;
  readonly total: Loader<string, number>;
  readonly encode: (row: Row) => string;
  readonly remembered?: Remembered<Leaf<unknown>>;
}

type Owned<Row> = Row & { readonly owner: string };

/** Pages of the same size and place are one statement, whoever's they are: for a page of runs as many statements as for one run. */
export function listLoader<Row, Cursor>(
  { db }: Pick<Services, 'db'>,
  gathering: Gathering,
  source: ListSource<Row, Cursor>,
): ListLoader<Row> {
  const { columns, rows, order, after, encode, decode, remembered } = source;
  const read = ({ take, after: cursor }: PageKey, owners: readonly string[]): Promise<readonly Owned<Row>[]> => {
    const later = cursor === null ? Prisma.empty : Prisma.sql`AND ${after(decode(cursor))}`;
    return db.prisma.$queryRaw`SELECT owner.id AS owner, list.* FROM unnest(${owners}::text[]) AS owner(id), LATERAL (
      SELECT ${columns} ${rows} ${later} ORDER BY ${order} LIMIT ${take}) list`;
  };
  return {
    encode,
    ...(remembered === undefined ? {} : { remembered }),
    rows: new DataLoader<PageKey, readonly Row[]>(async (keys) => {
      const alike = [...groupBy(keys, placeOf).values()];
      const pages = await Promise.all(
        alike.map(async (group) => {
          const owners = [...new Set(group.map(({ owner }) => owner))];
          // A cursor that is none is the mistake of those who passed it.
          const found = await read(group[0]!, owners).catch((error: unknown) => error as Error);
          return [placeOf(group[0]!), found instanceof Error ? found : groupBy(found, ownerOf)] as const;
        }),
      );
      const byPlace = new Map(pages);
      return keys.map((key) => {
        const page = byPlace.get(placeOf(key))!;
        return page instanceof Error ? page : (page.get(key.owner) ?? []);
      });
    }, gathering),
    total: new DataLoader<string, number>(async (owners) => {
      const counted = await db.prisma.$queryRaw<{ owner: string; total: number }[]>`
        SELECT owner.id AS owner, list.total FROM unnest(${[...new Set(owners)]}::text[]) AS owner(id), LATERAL (
        SELECT count(*)::int AS total ${rows}) list`;
      const totals = new Map(counted.map(({ owner, total }) => [owner, total]));
      return owners.map((owner) => totals.get(owner) ?? 0);
    }, gathering),
  };
}

/** The same for one request, which reads nothing twice. */
export function rememberingList<Row>(loader: ListLoader<Row>): ListLoader<Row> {
  return {
    ...loader,
    rows: rememberingLoader(loader.rows, (key) => `${key.owner} ${placeOf(key)}`),
    total: rememberingLoader(loader.total, String),
  };
}

const placeOf = ({ take, after }: PageKey): string => `${take} ${after}`;
const ownerOf = ({ owner }: { readonly owner: string }): string => owner;

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/**
 * One page of an owner's list. Where pages are remembered, nodes must be made of their rows and the owner's version alone, and a page that is
 * known is there at once: a list of a list is asked for so often that waiting for what is there would cost more than all else. Throws
 * PAGE_INVALID.
 */
export function pageOf<Row, Node>(
  loader: ListLoader<Row>,
  { id, version }: ListOwner,
  { first, after = null }: PageRequest,
  toNode: (row: Row) => Node | Promise<Node>,
): Page<Node> | Promise<Page<Node>> {
  const take = pageSize(first);
  const key = { owner: id, take: take + 1, after };
  const name = version === undefined ? undefined : `${id} ${version} ${placeOf(key)}`;
  const known = name === undefined ? undefined : loader.remembered?.get(name);
  if (known !== undefined) return counted(known as Leaf<Node>, () => loader.total.load(id));
  return readPageOf(loader, key, name, toNode);
}

async function readPageOf<Row, Node>(
  { rows: loader, total, encode, remembered }: ListLoader<Row>,
  key: PageKey,
  name: string | undefined,
  toNode: (row: Row) => Node | Promise<Node>,
): Promise<Page<Node>> {
  const { owner, after } = key;
  const take = key.take - 1;
  const rows = await loader.load(key);
  const nodes = await Promise.all(rows.slice(0, take).map(toNode));
  const count = (): Promise<number> => total.load(owner);
  const page = orderedPage({ rows, take, after, toNode: (_row, index): Node => nodes[index]!, count }, encode);
  if (name !== undefined) remembered?.set(name, { edges: page.edges, pageInfo: page.pageInfo });
  return page;
}

/** A page of a list that nothing can be in. Throws PAGE_INVALID. */
export function emptyPage({ first, after }: PageRequest): Page<never> {
  const take = pageSize(first);
  return orderedPage({ rows: [], take, after, toNode: (row) => row, count: () => Promise.resolve(0) }, () => '');
}
