import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, type GatewayAccess } from '@kneepoint/client';
import { readLocalToken } from './local-token.ts';

/** Who does not answer in that time, on the same machine, may have ended. */
const ANSWER_MS = 1_000;

/**
 * The server of a data folder, with the token that it left there for those who may read the folder; null where none answers. One that was
 * killed leaves an address that another may have by now: who answers there and does not take the token serves another folder.
 */
export async function findRunning(dataDir: string): Promise<GatewayAccess | null> {
  try {
    const token = await readLocalToken(dataDir);
    const { url } = JSON.parse(await readFile(join(dataDir, 'server.json'), 'utf8')) as { url: string };
    const access = { url, ...(token === undefined ? {} : { token }) };
    await createClient({ ...access, webSocket: null }).query('{ __typename }', {}, { timeoutMs: ANSWER_MS });
    return access;
  } catch {
    return null;
  }
}
