import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Failure } from '@kneepoint/failures';
import type { ArtifactStore } from './artifact-store.ts';
import { FolderStore } from './folder-store.ts';
import { type MinioKeys, parseMinioUrl, publicAddress } from './minio-client.ts';
import { MinioStore } from './minio-store.ts';

export interface StoreOptions extends MinioKeys {
  /** MinIO: folder for local copies. Default `./.kneepoint/cache`. */
  readonly cacheDir?: string;
  /** MinIO: the server's address for the outside. `?public=…` in the URL does the same. */
  readonly publicUrl?: string;
  /** MinIO: milliseconds between the tries of a request that failed for a passing reason. */
  readonly retryDelaysMs?: readonly number[];
  /** Folder stores: the gateway's own address, for links. Default: an address that says that there is no gateway. */
  readonly baseUrl?: () => string;
  /** Folder stores: secret that signs links. Default: a fresh one, so that links end with this process. */
  readonly signingKey?: string;
}

/**
 * Opens the store that a URL names: `file:///folder`, or `s3://[ACCESS:SECRET@]host:9000/bucket[?tls=true&public=https://…]`.
 * Throws CONFIG_INVALID, STORE_UNAVAILABLE, STORE_MISCONFIGURED.
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<ArtifactStore> {
  if (url.startsWith('file://')) {
    return FolderStore.open(fileURLToPath(url), {
      baseUrl: options.baseUrl ?? (() => 'http://gateway.invalid'),
      signingKey: options.signingKey ?? randomBytes(32).toString('hex'),
    });
  }
  if (url.startsWith('s3://')) {
    const address = parseMinioUrl(url, options);
    const outside = options.publicUrl ?? new URL(url).searchParams.get('public') ?? undefined;
    return MinioStore.open(address, {
      cacheDir: options.cacheDir ?? '.kneepoint/cache',
      ...(options.retryDelaysMs === undefined ? {} : { retryDelaysMs: options.retryDelaysMs }),
      ...(outside === undefined ? {} : { outside: publicAddress(address, outside) }),
    });
  }
  throw new Failure('CONFIG_INVALID', 'ARTIFACTS_URL names no known store', {
    where: 'ARTIFACTS_URL',
    fix: 'use file:///folder or s3://ACCESS:SECRET@host:9000/bucket',
  });
}
