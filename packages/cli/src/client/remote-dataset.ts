import { ArtifactDocument, type KneepointClient } from '@kneepoint/client';
import type { ReadBytes, RemoteDataset } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';

/** A data set's index, and images as they are asked for: not all of it is fetched for a few. Undefined where it is not in the store any more. */
export async function openRemote(
  client: KneepointClient,
  sha256: string,
  signal?: AbortSignal,
): Promise<RemoteDataset | undefined> {
  const { artifact } = await client.query(ArtifactDocument, { sha256 });
  if (!artifact) return undefined;
  const bytes: ReadBytes = async (from, to) => {
    const response = await fetch(artifact.downloadUrl, {
      headers: { range: `bytes=${from}-${to - 1}` },
      ...(signal ? { signal } : {}),
    });
    if (response.status === 206) return Buffer.from(await response.arrayBuffer());
    await response.body?.cancel();
    throw new Failure('DOWNLOAD_FAILED', `the store answered ${response.status} where a part was asked for`, {
      where: sha256,
      fix: 'Ask again: a link is valid for 15 minutes.',
    });
  };
  const { openRanges } = await import('@kneepoint/datasets');
  return openRanges(bytes);
}
