import { Failure } from '@kneepoint/failures';
import { readResults, type StepContext } from '@kneepoint/platform';
import type { NetworkSource } from '@kneepoint/workflow';
import type { NetworkFile } from './network/open-network.ts';

/** A local file with the network that a source names. Throws INTERNAL where an earlier step's result is gone, STORE_*. */
export async function resolveNetwork(
  source: NetworkSource,
  { db, store }: Pick<StepContext, 'db' | 'store'>,
): Promise<NetworkFile> {
  if ('model' in source) return { path: await store.localPath(source.model.sha256), cutAt: source.model.layer };
  if ('sha256' in source) return { path: await store.localPath(source.sha256) };
  return { path: await resolveOutput(source.step, { db, store }) };
}

/** A local file that an earlier step's output names. Throws INTERNAL where the result is gone, STORE_*. */
export async function resolveOutput(
  { key, field }: { readonly key: string; readonly field: string },
  { db, store }: Pick<StepContext, 'db' | 'store'>,
): Promise<string> {
  const sha256 = (await readResults(db, [key])).of<Record<string, unknown>>(key)[field];
  if (typeof sha256 !== 'string') throw new Failure('INTERNAL', `the result under key ${key} has no ${field}`);
  return store.localPath(sha256);
}
