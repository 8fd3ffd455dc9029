import { Failure } from '@kneepoint/failures';

export const NODE_TYPES = ['Model', 'Dataset', 'Run', 'Artifact'] as const;
export type NodeType = (typeof NODE_TYPES)[number];

/** Opaque global id of a row: what a client may store and send back, never parse. */
export function globalId(type: NodeType, id: string): string {
  return Buffer.from(`${type}:${id}`).toString('base64url');
}

/** The row id behind a global id; throws ID_INVALID, with the field it came by, when it is not one of the expected type. */
export function localId(type: NodeType, id: string, field = 'id'): string {
  const decoded = parseId(id, field);
  if (decoded.type !== type) {
    throw new Failure('ID_INVALID', `"${id}" is the id of a ${decoded.type}, not of a ${type}`, {
      where: field,
      fix: `Pass an id that a ${type} gave.`,
    });
  }
  return decoded.id;
}

export function parseId(id: string, field = 'id'): { readonly type: NodeType; readonly id: string } {
  const text = Buffer.from(id, 'base64url').toString('utf8');
  const colon = text.indexOf(':');
  const type = NODE_TYPES.find((name) => name === text.slice(0, colon));
  const local = text.slice(colon + 1);
  // A decoder that passes over what is no digit would give one row many ids.
  if (!type || !/^[\w-]{1,64}$/.test(local) || globalId(type, local) !== id) {
    throw new Failure('ID_INVALID', `"${id.slice(0, 80)}" is not an id of this server`, {
      where: field,
      fix: 'Pass an id as a query returned it.',
    });
  }
  return { type, id: local };
}
