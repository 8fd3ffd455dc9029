import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const TOKEN = /^kp_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** An API token: the id by which it is found, and what only its holder knows. */
export interface ParsedToken {
  readonly id: string;
  readonly secret: string;
}

/** A fresh token of 256 random bits. */
export function makeToken(): ParsedToken & { readonly text: string } {
  const id = randomBytes(8).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  return { id, secret, text: `kp_${id}_${secret}` };
}

export function parseToken(text: string): ParsedToken | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** SHA-256, in hexadecimal: 256 random bits need no slower sum, and no salt. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Whether a secret has that digest, in a time that does not depend on where they differ. */
export function hasDigest(secret: string, digest: string): boolean {
  const found = Buffer.from(digestOf(secret), 'hex');
  const wanted = Buffer.from(digest, 'hex');
  return found.length === wanted.length && timingSafeEqual(found, wanted);
}
