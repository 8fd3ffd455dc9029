import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { leaveLocalToken, readLocalToken } from './local-token.ts';

it('the token of an embedded server is for its user alone to read, and gone with it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-token-'));
  expect(await readLocalToken(folder)).toBeUndefined();
  const takeAway = await leaveLocalToken(folder, 'one');
  expect(await readLocalToken(folder)).toBe('one');
  expect((await stat(join(folder, 'token'))).mode & 0o777).toBe(0o600);
  await leaveLocalToken(folder, 'two');
  expect(await readLocalToken(folder)).toBe('two');
  await takeAway();
  expect(await readLocalToken(folder)).toBeUndefined();
  await rm(folder, { recursive: true });
});
