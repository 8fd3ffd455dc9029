import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const pathOf = (dataDir: string): string => join(dataDir, 'token');

/**
 * Leaves the token of an embedded server in its data folder, for its user alone to read; gives how to take it away. Each server has a token
 * of its own, so that one which somebody else got hold of opens nothing later.
 */
export async function leaveLocalToken(dataDir: string, token: string): Promise<() => Promise<void>> {
  const path = pathOf(dataDir);
  await rm(`${path}.tmp`, { force: true });
  await writeFile(`${path}.tmp`, token, { mode: 0o600, flag: 'wx' });
  await rename(`${path}.tmp`, path);
  return () => rm(path, { force: true });
}

export async function readLocalToken(dataDir: string): Promise<string | undefined> {
  return readFile(pathOf(dataDir), 'utf8').catch(() => undefined);
}
