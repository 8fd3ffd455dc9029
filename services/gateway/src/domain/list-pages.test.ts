import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digest } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { globalId } from './ids.ts';

const STEPS = 7;

let gateway: TestGateway;
let id: string;
let rowId: string;
beforeAll(async () => {
  gateway = await openTestGateway();
  const leaseUntil = new Date(Date.now() + 3600_000);
  const steps = Array.from({ length: STEPS }, (_, position) => ({
    ...{
      kind: 'extract',
      service: 'any',
      name: `step ${position}`,
      position,
      key: digest(),
      input: {},
      state: 'RUNNING',
      leaseUntil,
    },
    attempts: {
      create: [1, 2].map((number) => ({
        ...{ number, token: digest(), worker: 'w' },
        // Later steps began earlier; the two tries of each at one moment.
        startedAt: new Date(Date.UTC(2024, 0, 1, 0, STEPS - position)),
      })),
    },
  }));
  const run = await gateway.db.prisma.run.create({
    data: { kind: 'ANALYSIS', state: 'RUNNING', input: {}, steps: { create: steps } },
  });
  rowId = run.id;
  id = globalId('Run', rowId);
});
afterAll(() => gateway.close());

interface PageOf<Node> {
  readonly totalCount: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
}

/** Every page of a list, as a client that follows `endCursor` sees them. */
async function walk<Node>(field: string, fields: string, first: number): Promise<Node[][]> {
  const query = `query($id: ID!, $after: String) { run(id: $id) { list: ${field}(first: ${first}, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { cursor node { ${fields} } } } } }`;
  const pages: Node[][] = [];
  let after: string | null = null;
  for (;;) {
    const answer: { run: { list: PageOf<Node> } } = await gateway.query(query, { id, after });
    const { list } = answer.run;
    pages.push(list.edges.map(({ node }) => node));
    expect(list.edges.at(-1)?.cursor ?? null).toBe(list.pageInfo.endCursor);
    if (!list.pageInfo.hasNextPage) return pages;
    after = list.pageInfo.endCursor;
  }
}

describe('a list that belongs to a run', () => {
  it('is walked page by page, each row once, in its order', async () => {
    const pages = await walk<{ name: string }>('steps', 'name', 3);
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(pages.flat().map(({ name }) => name)).toEqual(Array.from({ length: STEPS }, (_, index) => `step ${index}`));
  });

  it('of attempts has the oldest first, and tells those of one moment apart', async () => {
    const pages = await walk<{ number: number; startedAt: string }>('attempts', 'number startedAt', 3);
    const all = pages.flat();
    expect(all).toHaveLength(2 * STEPS);
    const times = all.map(({ startedAt }) => startedAt);
    expect(times).toEqual([...times].sort());
    expect(new Set(all.map(({ number, startedAt }) => `${startedAt} ${number}`)).size).toBe(2 * STEPS);
  });

  it('is read anew as soon as its run has changed', async () => {
    const read = async () => (await walk<{ state: string }>('steps', 'state', 100)).flat()[0]!.state;
    expect(await read()).toBe('RUNNING');
    await gateway.db.prisma.step.updateMany({ where: { runId: rowId, position: 0 }, data: { state: 'FAILED' } });
    await gateway.db.prisma.run.update({ where: { id: rowId }, data: { seq: { increment: 1 } } });
    expect(await read()).toBe('FAILED');
  });

  it.each(['first: 0', 'first: 101', 'first: 5, after: "bm9uZQ"', 'first: 5, after: "💥"'])(
    'is refused with %s, by code',
    async (args) => {
      for (const list of ['steps', 'attempts', 'prunings', 'trainings']) {
        const { errors } = await gateway.post(`{ run(id: "${id}") { ${list}(${args}) { totalCount } } }`);
        expect(errors![0]!.extensions!.code).toBe('PAGE_INVALID');
      }
    },
  );

  it('that is empty is a page without rows', async () => {
    expect(await walk('prunings', 'label', 5)).toEqual([[]]);
    expect(await walk('compressions', 'label', 5)).toEqual([[]]);
  });
});
