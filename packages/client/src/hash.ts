import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** A sum that takes its bytes one piece after the other. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** 64 hexadecimal digits in lower case. */
  digest(): string;
}

/** In JavaScript: browsers' own takes all bytes at once, and has none for pages that did not come over HTTPS. */
export function nobleSha256(): Sha256 {
  const hash = sha256.create();
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => bytesToHex(hash.digest()),
  };
}
