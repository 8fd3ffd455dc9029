import { randomBytes, randomUUID } from 'node:crypto';
import { Failure } from '@kneepoint/failures';
import type { Config } from '../config/read-config.ts';
import { redactUrl } from '../config/redact-url.ts';
import type { ArtifactStore } from '../store/artifact-store.ts';
import { openStore } from '../store/open-store.ts';
import { type Check, notTried, ok } from './finding.ts';

const PROBE_BYTES = 1024;
const EXPIRES_SECONDS = 60;

/** The artifact store, by a probe that goes the way of an artifact and is deleted; the bucket is made, as at a start. */
export function storeChecks({ artifactsUrl, store: options }: Pick<Config, 'artifactsUrl' | 'store'>): {
  readonly [name: string]: Check;
} {
  let opened: Promise<ArtifactStore> | undefined;
  const open = () => (opened ??= openStore(artifactsUrl, { ...options, retryDelaysMs: [200] }));
  const isRemote = artifactsUrl.startsWith('s3:');
  const endpoint = options.publicUrl ?? (isRemote ? new URL(artifactsUrl).searchParams.get('public') : null);
  return {
    artifacts: async () => {
      await probe(await open());
      return ok(`${redactUrl(artifactsUrl)}: written, read, deleted`);
    },
    // A folder's addresses are answered by the gateway itself.
    ...(isRemote
      ? {
          downloads: async () => {
            const store = await open().catch(() => undefined);
            if (store === undefined) return notTried('the artifact store cannot be opened');
            return checkAddresses(store, endpoint ?? 'the same endpoint');
          },
        }
      : {}),
  };
}

async function probe(store: ArtifactStore): Promise<void> {
  const bytes = randomBytes(PROBE_BYTES);
  const { sha256 } = await store.put(bytes);
  try {
    if (!bytes.equals(await store.read(sha256))) throw new Error('the probe came back changed');
  } finally {
    await store.delete(sha256);
  }
  if (await store.has(sha256)) throw new Error('the probe is still there after it was deleted');
}

/** As browsers and the CLI do it: PUT to a signed address, make it an artifact, GET it from a signed address. */
async function checkAddresses(store: ArtifactStore, endpoint: string): ReturnType<Check> {
  const body = randomBytes(PROBE_BYTES);
  const uploadId = `doctor-${randomUUID()}`;
  const [put] = await store.presignPut(uploadId, { bytes: body.length, expiresSeconds: EXPIRES_SECONDS });
  await reach(put!.url, { method: 'PUT', body });
  const { sha256 } = await store.completeUpload(uploadId, undefined, { bytes: body.length });
  try {
    const get = await store.presignGet(sha256, { expiresSeconds: EXPIRES_SECONDS });
    const received = Buffer.from(await (await reach(get, {})).arrayBuffer());
    if (!received.equals(body)) throw new Error('the download came changed');
  } finally {
    await store.delete(sha256);
  }
  return ok(`signed upload and download work through ${endpoint}`);
}

async function reach(address: string, init: RequestInit): Promise<Response> {
  const { origin } = new URL(address);
  const fix = 'let ARTIFACTS_PUBLIC_URL name the store as clients reach it; a proxy in between must keep host and path';
  const response = await fetch(address, { ...init, signal: AbortSignal.timeout(10_000) }).catch((cause: unknown) => {
    const { message, cause: reason } = cause as Error;
    const why = reason instanceof Error ? reason.message : message;
    throw new Failure('STORE_UNAVAILABLE', `signed addresses lead to ${origin}, which does not answer: ${why}`, {
      fix,
      cause,
    });
  });
  if (response.ok) return response;
  const message = `${origin} refused a signed address with status ${response.status}`;
  throw new Failure('STORE_MISCONFIGURED', message, { fix });
}
