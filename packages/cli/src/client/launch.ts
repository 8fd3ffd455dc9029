import { randomUUID } from 'node:crypto';
import type { KneepointClient, Payload, TypedDocumentString } from '@kneepoint/client';

/**
 * Launches something once, also where the question has to be put again since whoever had it ended before it could answer. Throws what
 * `mutate` throws.
 */
export function launch<Data extends object, Input extends { readonly idempotencyKey?: string | null | undefined }>(
  client: KneepointClient,
  document: TypedDocumentString<Data, { readonly input: Input }>,
  input: Input,
): Promise<Payload<Data>> {
  return client.mutate(document, { input: { ...input, idempotencyKey: randomUUID() } });
}
