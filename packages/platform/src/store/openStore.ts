import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Failure } from '@kneepoint/failures';
import type { ArtifactStore } from './artifactStore.ts';
import { FolderStore } from './folderStore.ts';

export interface StoreOptions {
  /** Folder stores: the gateway's own address, for links. Default: an address that says that there is no gateway. */
  readonly baseUrl?: () => string;
  /** Folder stores: secret that signs links. Default: a fresh one, so that links end with this process. */
  readonly signingKey?: string;
}

/**
 * Opens the store that a URL names: `file:///folder`.
 * Throws CONFIG_INVALID, STORE_UNAVAILABLE.
 */
export async function openStore(url: string, options: StoreOptions): Promise<ArtifactStore> {
  if (url.startsWith('file://')) {
    return FolderStore.open(fileURLToPath(url), {
      baseUrl: options.baseUrl ?? (() => 'http://gateway.invalid'),
      signingKey: options.signingKey ?? randomBytes(32).toString('hex'),
    });
  }
  throw new Failure('CONFIG_INVALID', 'ARTIFACTS_URL names no known store', {
    where: 'ARTIFACTS_URL',
    fix: 'use file:///folder or s3://ACCESS:SECRET@host:9000/bucket',
  });
}
