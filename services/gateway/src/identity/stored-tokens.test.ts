import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createToken, type Database, openDatabase, parseToken } from '@kneepoint/platform';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { StoredTokens } from './stored-tokens.ts';

let db: Database;
beforeAll(async () => (db = await openDatabase('pglite://:memory:')));
afterAll(() => db.close());

const madeUp = () => ({ id: randomBytes(8).toString('hex'), secret: randomBytes(32).toString('base64url') });
const log = { warn: () => undefined } as never;

it('tokens that somebody makes up cost a statement at a time, however many there are, and push no real one out', async () => {
  const { text } = await createToken(db, {
    name: 'ci',
    role: 'viewer',
    createdBy: 'admin',
    projectId: 'default',
    expiresAt: null,
  });
  const real = parseToken(text)!;
  expect(createHash('sha256').update(real.secret).digest('hex')).toHaveLength(64);
  const statements: string[] = [];
  db.prisma.$on('query', ({ query }) => void (query.includes('FROM token LEFT JOIN') && statements.push(query)));
  const tokens = new StoredTokens(db, log);
  expect((await tokens.verify(real, false)).name).toBe('ci');
  expect(statements).toHaveLength(1);
  const flood = await Promise.allSettled(Array.from({ length: 2000 }, () => tokens.verify(madeUp(), false)));
  expect(flood.every(({ status }) => status === 'rejected')).toBe(true);
  expect(statements.length).toBeLessThanOrEqual(1 + 2000 / 500 + 1);
  const before = statements.length;
  expect((await tokens.verify(real, false)).name).toBe('ci');
  expect(statements).toHaveLength(before);
  // What is not there is not looked for again at once.
  const again = madeUp();
  for (let time = 0; time < 3; time++) await expect(tokens.verify(again, false)).rejects.toThrow('not valid');
  expect(statements).toHaveLength(before + 1);
  // A session asks anew.
  await tokens.verify(real, true);
  expect(statements).toHaveLength(before + 2);
  // Those who come while one is read are the next.
  const late = Array.from({ length: 50 }, async (_, index) => {
    await sleep(index % 5);
    return tokens.verify(real, true);
  });
  await Promise.all(late);
  expect(statements.length).toBeLessThan(before + 2 + 10);
});
