import type { KneepointClient } from './client.ts';
import { isFailure, KneepointError } from './errors.ts';
import { CompleteUploadDocument, CreateUploadDocument } from './generated/graphql.ts';
import { describeAnswer, reasonOf } from './http.ts';
import { wait } from './wait.ts';

/** Bytes that can be read more than once: to sum them up, and to send them. */
export interface UploadSource {
  readonly size: number;
  /** What it is called when something goes wrong. */
  readonly name?: string;
  stream(): AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;
  /** Body, and what belongs to it, of the request that sends the bytes from `start` to before `end`. */
  part(start: number, end: number): RequestInit;
}

export interface UploadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes that have arrived, after each part. */
  readonly onProgress?: ((sent: number, total: number) => void) | undefined;
}

const CHECK_AGAIN_MS = 500;

export function blobSource(blob: Blob): UploadSource {
  return { size: blob.size, stream: () => blob.stream(), part: (start, end) => ({ body: blob.slice(start, end) }) };
}

/** Announces bytes, sends them where the gateway says, and has them checked; their SHA-256. Throws UPLOAD_REFUSED, what the server says. */
export async function sendUpload(
  client: KneepointClient,
  source: UploadSource,
  { signal, onProgress }: UploadOptions,
): Promise<string> {
  const sha256 = await sumOf(client, source, signal);
  const { upload } = await client.mutate(CreateUploadDocument, { bytes: source.size }, { signal });
  let sent = 0;
  for (const part of upload.parts) {
    await sendPart(client, source, part, signal);
    onProgress?.((sent += part.bytes), source.size);
  }
  await complete(client, upload.id, sha256, signal);
  return sha256;
}

async function sumOf(client: KneepointClient, source: UploadSource, signal?: AbortSignal): Promise<string> {
  const hash = client.sha256();
  for await (const bytes of iterate(source.stream())) {
    signal?.throwIfAborted();
    hash.update(bytes);
  }
  return hash.digest();
}

/** Not every browser iterates streams by itself. */
async function* iterate(stream: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (!('getReader' in stream)) {
    yield* stream;
    return;
  }
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

async function sendPart(
  { fetch }: KneepointClient,
  source: UploadSource,
  { url, offset, bytes }: { readonly url: string; readonly offset: number; readonly bytes: number },
  signal?: AbortSignal,
): Promise<void> {
  const refuse = (what: string, cause?: unknown): never => {
    throw new KneepointError('UPLOAD_REFUSED', `${what} to an upload of ${bytes} bytes`, {
      where: source.name ?? null,
      fix: 'Try again; if it stays so, the log of the store says why.',
      cause,
    });
  };
  const { headers = {}, ...part } = source.part(offset, offset + bytes);
  const response = await fetch(url, {
    method: 'PUT',
    ...part,
    headers: { 'content-type': 'application/octet-stream', ...(headers as Record<string, string>) },
    signal: signal ?? null,
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    return refuse(`${new URL(url).origin} gave no answer (${reasonOf(error)})`, error);
  });
  if (!response.ok) refuse(`the store answered ${describeAnswer(response, await response.text())}`);
}

/** The server sums up what it got; with a file of gigabytes it is asked again until it has. */
async function complete(client: KneepointClient, id: string, sha256: string, signal?: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await client.mutate(CompleteUploadDocument, { id, sha256 }, { signal });
      return;
    } catch (error) {
      if (!isFailure(error, 'UPLOAD_UNDER_CHECK')) throw error;
      await wait(CHECK_AGAIN_MS, signal);
    }
  }
}
