import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayAccess } from '@kneepoint/client';
import { readLocalToken } from './local-token.ts';

/** Who does not answer in that time, on the same machine, may have ended. */
const ANSWER_MS = 1_000;

/** The server of a data folder, with the token that it left there for those who may read the folder; null where none answers. */
export async function findRunning(dataDir: string): Promise<GatewayAccess | null> {
  try {
    const token = await readLocalToken(dataDir);
    const { url } = JSON.parse(await readFile(join(dataDir, 'server.json'), 'utf8')) as { url: string };
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(ANSWER_MS) });
    return response.ok ? { url, ...(token === undefined ? {} : { token }) } : null;
  } catch {
    return null;
  }
}
