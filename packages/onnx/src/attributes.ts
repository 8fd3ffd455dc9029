import { create } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from './proto.ts';
import { AttributeProtoSchema, AttributeType } from './proto.ts';
import { safeNumber } from './tensor.ts';

/**
 * What an attribute can be set to. A plain number (or list) is an integer unless the node already holds a float under that
 * name; `{ float }` and `{ floats }` say it outright, so that an alpha of 1 does not become an integer.
 */
export type AttributeValue =
  | number
  | readonly number[]
  | string
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly tensor: TensorProto }
  | { readonly graph: GraphProto };

type IntLike = bigint | number;

/** An integer attribute; int64 is clamped to the safe integers. Throws ATTRIBUTE_MISSING without a fallback, ATTRIBUTE_TYPE. */
export function intAttr(node: NodeProto, name: string, fallback?: number): number {
  return read(node, name, AttributeType.INT, fallback, (attribute) => safeNumber(attribute.i as IntLike));
}

/** A list of integers; int64 is clamped to the safe integers. Throws ATTRIBUTE_MISSING without a fallback, ATTRIBUTE_TYPE. */
export function intsAttr(node: NodeProto, name: string, fallback?: readonly number[]): readonly number[] {
  return read(node, name, AttributeType.INTS, fallback, (attribute) => attribute.ints.map(safeNumber));
}

/** A float attribute. Throws ATTRIBUTE_MISSING without a fallback, ATTRIBUTE_TYPE. */
export function floatAttr(node: NodeProto, name: string, fallback?: number): number {
  return read(node, name, AttributeType.FLOAT, fallback, (attribute) => attribute.f);
}

/** A list of floats. Throws ATTRIBUTE_MISSING without a fallback, ATTRIBUTE_TYPE. */
export function floatsAttr(node: NodeProto, name: string, fallback?: readonly number[]): readonly number[] {
  return read(node, name, AttributeType.FLOATS, fallback, (attribute) => attribute.floats);
}

/** A string attribute, UTF-8. Throws ATTRIBUTE_MISSING without a fallback, ATTRIBUTE_TYPE. */
export function stringAttr(node: NodeProto, name: string, fallback?: string): string {
  return read(node, name, AttributeType.STRING, fallback, (attribute) => new TextDecoder().decode(attribute.s));
}

/** A tensor attribute as it is stored. Throws ATTRIBUTE_MISSING, ATTRIBUTE_TYPE. */
export function tensorAttr(node: NodeProto, name: string): TensorProto {
  return read(node, name, AttributeType.TENSOR, undefined, (attribute) => attribute.t);
}

/** Whether the node carries an attribute of this name. */
export function hasAttr(node: NodeProto, name: string): boolean {
  return find(node, name) !== undefined;
}

/** Sets an attribute, replacing one of the same name. Throws ATTRIBUTE_TYPE for a fractional integer. */
export function setAttr(node: NodeProto, name: string, value: AttributeValue): void {
  const index = node.attribute.findIndex((attribute) => attribute.name === name);
  const made = makeAttribute(node, name, value, node.attribute[index]?.type);
  if (index < 0) node.attribute.push(made);
  else node.attribute[index] = made;
}

/** Removes an attribute; nothing happens when there is none. */
export function removeAttr(node: NodeProto, name: string): void {
  node.attribute = node.attribute.filter((attribute) => attribute.name !== name);
}

function makeAttribute(node: NodeProto, name: string, value: AttributeValue, existing?: AttributeType): AttributeProto {
  const make = (init: Partial<AttributeProto>) => create(AttributeProtoSchema, { ...init, name } as AttributeProto);
  if (typeof value === 'string') {
    return make({ type: AttributeType.STRING, s: new TextEncoder().encode(value) });
  }
  if (typeof value === 'number') {
    if (existing === AttributeType.FLOAT) return make({ type: AttributeType.FLOAT, f: value });
    return make({ type: AttributeType.INT, i: integer(node, name, value) });
  }
  if ('float' in value) return make({ type: AttributeType.FLOAT, f: value.float });
  if ('floats' in value) return make({ type: AttributeType.FLOATS, floats: [...value.floats] });
  if ('tensor' in value) return make({ type: AttributeType.TENSOR, t: value.tensor });
  if ('graph' in value) return make({ type: AttributeType.GRAPH, g: value.graph });
  if (existing === AttributeType.FLOATS) return make({ type: AttributeType.FLOATS, floats: [...value] });
  return make({ type: AttributeType.INTS, ints: value.map((item) => integer(node, name, item)) });
}

function integer(node: NodeProto, name: string, value: number): bigint {
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw new Failure('ATTRIBUTE_TYPE', `attribute ${name} was given ${value} as an integer`, {
    where: label(node),
    fix: `write { float: ${value} } if a float is meant`,
  });
}

function find(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}

function read<T>(
  node: NodeProto,
  name: string,
  type: AttributeType,
  fallback: T | undefined,
  value: (attribute: AttributeProto) => T | undefined,
): T {
  const attribute = find(node, name);
  if (!attribute) {
    if (fallback !== undefined) return fallback;
    throw new Failure('ATTRIBUTE_MISSING', `attribute ${name} is missing`, { where: label(node) });
  }
  // Files of the first format version carry no type; the field that is set must do.
  const found = attribute.type === AttributeType.UNDEFINED ? type : attribute.type;
  const result = found === type ? value(attribute) : undefined;
  if (result === undefined) {
    throw new Failure(
      'ATTRIBUTE_TYPE',
      `attribute ${name} is ${AttributeType[found] ?? found}, not ${AttributeType[type]}`,
      {
        where: label(node),
      },
    );
  }
  return result;
}

function label(node: NodeProto): string {
  return `node ${node.name || node.output[0] || '(unnamed)'} (${node.opType})`;
}
