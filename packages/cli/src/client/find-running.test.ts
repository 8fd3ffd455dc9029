import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  LOCAL_TOKEN,
  openTestGateway,
  type TestGateway,
} from '../../../../services/gateway/src/testing/test-gateway.ts';
import { findRunning } from './find-running.ts';
import { leaveLocalToken } from './local-token.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openTestGateway();
});
afterAll(() => gateway.close());

it('what was left by a server that was killed leads to no other that has its address now', async () => {
  const { folder, url } = gateway;
  expect(await findRunning(folder)).toBeNull();
  await writeFile(join(folder, 'server.json'), JSON.stringify({ url, pid: 1 }));
  await leaveLocalToken(folder, 'of the one that was killed');
  expect(await findRunning(folder)).toBeNull();
  await leaveLocalToken(folder, LOCAL_TOKEN);
  expect(await findRunning(folder)).toEqual({ url, token: LOCAL_TOKEN });
});
