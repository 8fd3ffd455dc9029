import { createClient, type KneepointClient } from '@kneepoint/client';
import { describe, expect, it } from 'vitest';

import { findModel, findNamed, findRun } from './lookup.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly digest: string;
  readonly preprocess?: object;
}

/** A gateway with these models, in pages of two. */
function gatewayWith(rows: readonly Row[]): KneepointClient {
  const answer = (_url: unknown, { body }: RequestInit = {}) => {
    const { name, after } = (JSON.parse(body as string) as { variables: { name: string | null; after: string | null } })
      .variables;
    const all = rows
      .filter((row) => name === null || row.name === name)
      .map(({ digest, ...row }) => ({
        node: { preprocess: {}, createdAt: 'then', ...row, artifact: { sha256: digest.padEnd(64, '0') } },
      }));
    const start = Number(after ?? 0);
    const pageInfo = { hasNextPage: start + 2 < all.length, endCursor: String(start + 2) };
    const data = { models: { edges: all.slice(start, start + 2), pageInfo } };
    return Promise.resolve(Response.json({ data }));
  };
  return createClient({ url: 'http://gateway', fetch: answer });
}

const rows: readonly Row[] = [
  { id: 'i1', name: 'net', digest: 'aaaa1111' },
  { id: 'i2', name: 'other', digest: 'bbbb2222' },
  { id: 'i3', name: 'faces', digest: 'cccc3333' },
  { id: 'i4', name: 'net', digest: 'dddd4444' },
  { id: 'i5', name: 'same', digest: 'bbbb2222' },
  { id: 'i6', name: 'grey', digest: 'eeee5555', preprocess: { channels: 'grey' } },
  { id: 'i7', name: 'colour', digest: 'eeee5555' },
];

describe('what a person names', () => {
  it.each([
    ['a name', 'faces', 'i3'],
    ['an id', 'i4', 'i4'],
    ['a name that two have, with the beginning of a digest', 'net@dddd', 'i4'],
    ['a digest', 'cccc3333'.padEnd(64, '0'), 'i3'],
    ['the beginning of one', 'aaaa1111', 'i1'],
    ['a digest with two names, which is one content', 'bbbb2222', 'i2'],
  ])('is found by %s', async (_by, given, id) => {
    expect(await findModel(gatewayWith(rows), given)).toBe(id);
  });

  it('is refused where two contents have the name, with the digests to choose from', async () => {
    const failure = findModel(gatewayWith(rows), 'net');
    await expect(failure).rejects.toMatchObject({ code: 'NAME_AMBIGUOUS', where: 'net' });
    await expect(failure).rejects.toThrow(
      '"net" may be any of 2 models:\n  net@aaaa11110000  registered then, id i1\n  net@dddd44440000',
    );
  });

  it.each([
    ['the same bytes are read in two ways', 'eeee5555', false],
    ['a name is to be changed, and the digest has two', 'bbbb2222', true],
  ])('is refused by a digest where %s', async (_why, given, one) => {
    await expect(findNamed(gatewayWith(rows), 'model', given, { one })).rejects.toMatchObject({
      code: 'NAME_AMBIGUOUS',
    });
  });

  it.each(['nobody', 'faces@aaaa', 'aaaa', ''])('is unknown as %j', async (given) => {
    await expect(findModel(gatewayWith(rows), given)).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
      fix: 'There are: net, other, faces, same, grey, colour.',
    });
  });
});

/** A gateway with these runs, newest first. */
function gatewayWithRuns(runs: readonly { readonly id: string; readonly name: string | null }[]): KneepointClient {
  const answer = (_url: unknown, { body }: RequestInit = {}) => {
    interface Asked {
      readonly id?: string;
      readonly first?: number;
      readonly filter?: { readonly name?: string };
    }
    const { id, first = 0, filter = {} } = (JSON.parse(body as string) as { variables: Asked }).variables;
    const row = (run: (typeof runs)[number]) => ({ ...run, kind: 'PRUNE', state: 'SUCCEEDED', model: { name: 'net' } });
    if (id !== undefined) {
      const run = runs.find((each) => each.id === id);
      if (run) return Promise.resolve(Response.json({ data: { run: row(run) } }));
      return Promise.resolve(Response.json({ errors: [{ message: 'no id', extensions: { code: 'ID_INVALID' } }] }));
    }
    const found = runs.filter(({ name }) => filter.name === undefined || name === filter.name).slice(0, first);
    return Promise.resolve(Response.json({ data: { runs: { edges: found.map((run) => ({ node: row(run) })) } } }));
  };
  return createClient({ url: 'http://gateway', fetch: answer });
}

describe('the run that a person means', () => {
  const runs = [
    { id: 'r3', name: 'nightly' },
    { id: 'r2', name: 'nightly' },
    { id: 'r1', name: null },
  ];

  it.each([
    ['its id', 'r2', 'r2'],
    ['its name, the newest that has it', 'nightly', 'r3'],
  ])('is found by %s', async (_by, given, id) => {
    expect(await findRun(gatewayWithRuns(runs), given)).toMatchObject({ id });
  });

  it('is unknown with those that there are', async () => {
    await expect(findRun(gatewayWithRuns(runs), 'nigthly')).rejects.toMatchObject({
      ...{ code: 'RUN_UNKNOWN', where: 'nigthly' },
      fix: expect.stringContaining('\n  r3  PRUNE, nightly, net, SUCCEEDED\n  r2  PRUNE, nightly') as string,
    });
    await expect(findRun(gatewayWithRuns([]), 'r1')).rejects.toMatchObject({ fix: 'None was launched yet.' });
  });
});
