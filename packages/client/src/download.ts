import type { KneepointClient, RequestOptions } from './client.ts';
import { KneepointError } from './errors.ts';
import { describeAnswer, isPage, reasonOf } from './http.ts';

/** Bytes in the store, and where they are for the next minutes. */
export interface Artifact {
  readonly sha256: string;
  readonly downloadUrl: string;
}

/** The bytes of an artifact; the stream fails at its end where their sum is another. Throws DOWNLOAD_FAILED. */
export async function fetchArtifact(
  client: KneepointClient,
  { sha256, downloadUrl }: Artifact,
  { signal, timeoutMs }: RequestOptions,
): Promise<ReadableStream<Uint8Array>> {
  const refuse = (what: string, cause?: unknown): never => {
    throw new KneepointError('DOWNLOAD_FAILED', what, {
      where: sha256,
      fix: 'Ask again: a link is valid for 15 minutes.',
      cause,
    });
  };
  const { fetch } = client;
  const ends = [signal, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)];
  const response = await fetch(downloadUrl, {
    signal: AbortSignal.any(ends.filter((end) => end !== undefined)),
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    return refuse(`no store answers at ${new URL(downloadUrl).origin}: ${reasonOf(error)}`, error);
  });
  if (!response.ok || response.body === null || isPage(response, '')) {
    return refuse(`${describeAnswer(response, await response.text())} came from the store`);
  }
  const hash = client.sha256();
  const check = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      hash.update(chunk);
      controller.enqueue(chunk);
    },
    flush() {
      const sum = hash.digest();
      if (sum !== sha256) refuse(`${sum} arrived where ${sha256} was asked for`);
    },
  });
  return response.body.pipeThrough(check);
}
