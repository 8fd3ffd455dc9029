import { Failure } from '@kneepoint/failures';
import type { Allowed } from '../outgoing/addresses.ts';
import { guardedRequest, type Resolved } from '../outgoing/guarded-request.ts';
import { VERSION } from '../version.ts';
import { retryAfterMs } from './backoff.ts';
import type { ClaimedDelivery } from './claim-deliveries.ts';
import type { DeliveryOutcome } from './end-delivery.ts';
import { unseal, unsealed } from './sealed-secret.ts';
import { signatureHeaders } from './signature.ts';

export interface Sending {
  /** What may be reached though it is not public. */
  readonly allowed: Allowed;
  /** Of the operator, for secrets; see `seal`. */
  readonly secretsKeys: readonly string[];
  /** A receiver that has not answered by then has failed. */
  readonly timeoutMs: number;
  /** Default: the system's. */
  readonly resolve?: (host: string) => Promise<readonly Resolved[]>;
}

/** Of an answer no more is read, nor kept. */
const EXCERPT_BYTES = 1024;

/** Posts an event to a receiver, signed. Never rejects: what went wrong is the outcome. */
export async function sendDelivery(
  { webhook, event }: ClaimedDelivery,
  body: string,
  { allowed, secretsKeys, timeoutMs, resolve }: Sending,
): Promise<DeliveryOutcome> {
  const started = performance.now();
  const at = new Date();
  const took = () => Math.round(performance.now() - started);
  try {
    const secrets = [unseal(webhook.secret, webhook.id, secretsKeys), ...previousOf(webhook, at, secretsKeys)];
    const answer = await guardedRequest(webhook.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        'content-length': String(Buffer.byteLength(body)),
        'user-agent': `kneepoint/${VERSION}`,
        ...signatureHeaders({ id: event.id, at, body }, secrets),
      },
      ...{ body, allowed, timeoutMs, mostBytes: EXCERPT_BYTES, cut: true },
      ...(resolve === undefined ? {} : { resolve }),
    });
    const { status, headers } = answer;
    return {
      ...{ status, durationMs: took(), retryAfterMs: retryAfterMs(headers['retry-after'], at) },
      code: status >= 200 && status < 300 ? null : 'WEBHOOK_REFUSED',
      response: answer.body.toString('utf8'),
    };
  } catch (error) {
    const { code, message } = error instanceof Failure ? error : { code: 'INTERNAL', message: String(error) };
    return { status: null, durationMs: took(), retryAfterMs: 0, code, response: message.slice(0, EXCERPT_BYTES) };
  }
}

/** The secret before, while it signs too. One that cannot be read any more is left out: the present one is what counts. */
function previousOf(
  { id, previousSecret, previousUntil }: ClaimedDelivery['webhook'],
  at: Date,
  keys: readonly string[],
): readonly string[] {
  if (previousSecret === null || previousUntil === null || previousUntil <= at) return [];
  const secret = unsealed(previousSecret, id, keys);
  return secret === null ? [] : [secret];
}
