import type { FailureCode } from '@kneepoint/failures';

interface Limit {
  readonly most: number;
  /** What is counted, in plural, as a message names it. */
  readonly what: string;
  readonly why: string;
  readonly code: FailureCode;
}

/**
 * What a model may hold and still be read: everything is counted in the bytes of the file, or in messages that were decoded from bounded
 * bytes, before ONNX Runtime sees any of it. External data has a bound of its own: the model's folder, links followed, and `bytes` in all.
 */
const TABLE = {
  bytes: {
    most: 2 ** 31 - 1,
    what: 'bytes',
    why: 'protobuf ends there; external data counts, too',
    code: 'MODEL_TOO_LARGE',
  },
  nodes: {
    most: 100_000,
    what: 'nodes',
    why: 'over the graph, its subgraphs and functions, and once more when functions are written out',
    code: 'MODEL_TOO_LARGE',
  },
  tensors: {
    most: 200_000,
    what: 'tensors',
    why: 'stored ones, over all graphs and attributes',
    code: 'MODEL_TOO_LARGE',
  },
  fields: {
    most: 8_000_000,
    what: 'fields',
    why: 'each costs an object or a list entry when decoded: attributes, imports, metadata and all else',
    code: 'MODEL_TOO_LARGE',
  },
  numbers: {
    most: 160_000_000,
    what: 'numbers',
    why: 'those stored one by one rather than as raw bytes take several times their size in memory',
    code: 'MODEL_TOO_LARGE',
  },
  nameBytes: {
    most: 65_536,
    what: 'bytes in a name',
    why: 'names of nodes, values, operators and domains go into messages, rows and answers',
    code: 'MODEL_TOO_LARGE',
  },
  textBytes: {
    most: 16 * 2 ** 20,
    what: 'bytes in a text',
    why: 'documentation, metadata and texts of attributes',
    code: 'MODEL_TOO_LARGE',
  },
  elements: {
    most: 2 ** 32,
    what: 'elements of a tensor',
    why: 'no file can hold more, whatever its dimensions claim',
    code: 'MODEL_TOO_LARGE',
  },
  made: {
    most: 2 ** 29,
    what: 'elements that an operator makes',
    why: 'a few stored numbers can ask for any size: ConstantOfShape, Expand, Tile, Range, Resize, Pad and their like',
    code: 'MODEL_TOO_LARGE',
  },
  dimension: {
    most: 2 ** 31 - 1,
    what: 'elements along an axis',
    why: 'products of larger ones leave 64 bits; one of 0 beside them would hide them',
    code: 'TENSOR_BAD_DIMS',
  },
  rank: { most: 64, what: 'dimensions', why: 'of one tensor', code: 'TENSOR_BAD_DIMS' },
  graphDepth: { most: 8, what: 'graphs', why: 'levels of graphs inside graphs', code: 'MODEL_TOO_DEEP' },
  messageDepth: { most: 64, what: 'messages', why: 'levels of messages inside messages', code: 'MODEL_TOO_DEEP' },
} as const satisfies Record<string, Limit>;

export type ModelLimits = Readonly<Record<keyof typeof TABLE, number>>;

/** Every limit with what it counts and why it is there. */
export const MODEL_LIMITS: Readonly<Record<keyof ModelLimits, Limit>> = TABLE;

export const DEFAULT_LIMITS = Object.fromEntries(
  Object.entries(TABLE).map(([name, { most }]) => [name, most]),
) as ModelLimits;
