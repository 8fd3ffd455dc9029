import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { Failure } from '@kneepoint/failures';

/** Kept as it is, where the operator gave no key. */
const OPEN = 'open';
const SEALED = 'sealed';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * A secret as the database keeps it: encrypted with the first of the operator's keys, and bound to what it belongs to, so that it opens
 * nothing else. Without a key it is kept as it is.
 */
export function seal(secret: string, owner: string, [key]: readonly string[]): string {
  if (key === undefined) return `${OPEN}:${secret}`;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, derived(key), nonce).setAAD(Buffer.from(owner));
  const sealed = Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${SEALED}:${nameOf(key)}:${sealed.toString('base64')}`;
}

/** Throws WEBHOOK_SECRET_UNREADABLE where none of the keys sealed it, or it was changed. */
export function unseal(text: string, owner: string, keys: readonly string[]): string {
  const [form, ...rest] = text.split(':');
  if (form === OPEN) return rest.join(':');
  const [name = '', base64 = ''] = rest;
  const key = keys.find((one) => nameOf(one) === name);
  if (form !== SEALED || key === undefined) throw unreadable('no key of KNEEPOINT_SECRETS_KEY sealed it');
  const sealed = Buffer.from(base64, 'base64');
  try {
    const decipher = createDecipheriv(CIPHER, derived(key), sealed.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(owner))
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    const opened = [decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
    return Buffer.concat(opened).toString('utf8');
  } catch {
    throw unreadable('it was changed, or belongs to another webhook');
  }
}

/** The same; null where it cannot be read. */
export function unsealed(text: string, owner: string, keys: readonly string[]): string | null {
  try {
    return unseal(text, owner, keys);
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** A key of the operator is any text; what encrypts has 256 bits. */
function derived(key: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', 'kneepoint secrets', 32));
}

/** Tells keys apart without telling anything of them. */
function nameOf(key: string): string {
  return createHash('sha256').update(derived(key)).digest('hex').slice(0, 8);
}

function unreadable(problem: string): Failure {
  return new Failure('WEBHOOK_SECRET_UNREADABLE', `the secret cannot be read: ${problem}`, {
    fix: 'Give the gateway the key that it was sealed with, or rotate the secret of the webhook.',
  });
}
