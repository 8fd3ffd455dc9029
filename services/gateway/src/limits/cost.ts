import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  getOperationAST,
  type GraphQLCompositeType,
  type GraphQLSchema,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  type VariableDefinitionNode,
} from 'graphql';
import { getArgumentValues, getVariableValues } from 'graphql/execution/values.js';
import { LRUCache } from 'lru-cache';
import { baseCost, INTROSPECTION, INTROSPECTION_SHARE, leafCost, listSize } from './list-size.ts';

/** What an operation costs: the number of fields that its answer can have. */
export interface Cost {
  readonly fields: number;
  /** Where most of them are: names of fields from the root, as far as one of them has more than half of what its parent has. */
  readonly dearest: readonly string[];
}

interface Walk {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly known: Map<string, Cost>;
  readonly variables: Arguments;
  /** Arguments of the field that leads here. */
  readonly above: Arguments;
}

type Arguments = Readonly<Record<string, unknown>>;
const NO_ARGUMENTS: Arguments = {};

interface Operation {
  readonly schema: GraphQLSchema;
  /** Valid for the schema: no fragment leads back to itself. */
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

const NOTHING: Cost = { fields: 0, dearest: [] };

/** Costs of one document, by the sizes that it was asked with. */
interface Known {
  readonly variables: readonly string[];
  readonly costs: LRUCache<string, Cost>;
}

/** Clients send the same few documents over and over, with the same few sizes. */
const knownOf = new WeakMap<DocumentNode, Known>();
const SIZES_REMEMBERED = 20;

/**
 * Counts the fields that an answer can have, from the document and its variables alone: a page counts with its size, a list with what
 * `listSize` says, and all that lies within is multiplied. Aliases count each; what `@skip` leaves out counts too.
 */
export function costOf(operation: Operation): Cost {
  const { document, operationName, variables } = operation;
  const known = knownOf.get(document) ?? {
    variables: variablesOf(document),
    costs: new LRUCache({ max: SIZES_REMEMBERED }),
  };
  knownOf.set(document, known);
  const sizes = sizesOf(known.variables, variables ?? {}, operationName);
  const found = sizes === undefined ? undefined : known.costs.get(sizes);
  if (found !== undefined) return found;
  const cost = count(operation);
  // Variables that do not fit are refused where the operation is executed, before anything is read. Others of their size may fit.
  if (cost === undefined) return NOTHING;
  if (sizes !== undefined) known.costs.set(sizes, cost);
  return cost;
}

function variablesOf({ definitions }: DocumentNode): string[] {
  return definitions.flatMap((part) =>
    part.kind === Kind.OPERATION_DEFINITION
      ? (part.variableDefinitions ?? []).map(({ variable }) => variable.name.value)
      : [],
  );
}

/** All that a cost can depend on: numbers, lengths of lists, and of which kind the rest is. Undefined for objects, which are looked into each time. */
function sizesOf(names: readonly string[], given: Arguments, operationName?: string | null): string | undefined {
  const sizes: unknown[] = [operationName ?? null];
  for (const name of names) {
    const value = given[name];
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) sizes.push([value.length]);
    else if (typeof value === 'object' && value !== null) return undefined;
    else sizes.push(typeof value === 'number' ? value : value === null ? null : typeof value);
  }
  return JSON.stringify(sizes);
}

/** Undefined where the variables do not fit. */
function count({ schema, document, operationName, variables }: Operation): Cost | undefined {
  const operation = getOperationAST(document, operationName);
  const type = operation && schema.getRootType(operation.operation);
  if (!operation || !type) return NOTHING;
  const coerced = coerce(schema, operation, variables ?? {});
  if (coerced === undefined) return undefined;
  const fragments = new Map(
    document.definitions.flatMap((part) => (part.kind === Kind.FRAGMENT_DEFINITION ? [[part.name.value, part]] : [])),
  );
  const walk = { schema, fragments, known: new Map<string, Cost>(), variables: coerced, above: NO_ARGUMENTS };
  return costOfSelection(operation.selectionSet, type, walk);
}

function coerce(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const definitions: readonly VariableDefinitionNode[] = operation.variableDefinitions ?? [];
  return getVariableValues(schema, definitions, given, { maxErrors: 1 }).coerced;
}

function costOfSelection({ selections }: SelectionSetNode, type: GraphQLCompositeType, walk: Walk): Cost {
  let fields = 0;
  let most = NOTHING;
  for (const selection of selections) {
    const cost = costOfPart(selection, type, walk);
    fields += cost.fields;
    if (cost.fields > most.fields) most = cost;
  }
  return { fields, dearest: most.fields > fields / 2 ? most.dearest : [] };
}

function costOfPart(part: SelectionSetNode['selections'][number], type: GraphQLCompositeType, walk: Walk): Cost {
  switch (part.kind) {
    case Kind.FIELD:
      return costOfField(part, type, walk);
    case Kind.INLINE_FRAGMENT:
      return costOfSelection(part.selectionSet, within(part.typeCondition?.name.value, type, walk), walk);
    case Kind.FRAGMENT_SPREAD: {
      const { value: name } = part.name;
      // What leads to a fragment can say how long the lists in it are.
      const place = `${name} ${String(walk.above['maxPoints'])}`;
      const known = walk.known.get(place);
      if (known !== undefined) return known;
      const fragment = walk.fragments.get(name);
      if (fragment === undefined) return NOTHING;
      // Once for each fragment, however often it is spread: a document of a few lines can spread one a million times.
      const cost = costOfSelection(fragment.selectionSet, within(fragment.typeCondition.name.value, type, walk), walk);
      walk.known.set(place, cost);
      return cost;
    }
  }
}

function within(name: string | undefined, type: GraphQLCompositeType, { schema }: Walk): GraphQLCompositeType {
  const named = name === undefined ? type : schema.getType(name);
  return isCompositeType(named) ? named : type;
}

function costOfField(node: FieldNode, type: GraphQLCompositeType, walk: Walk): Cost {
  const name = node.name.value;
  const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
  if (field === undefined) return costOfIntrospection(node, walk);
  const result = getNamedType(field.type);
  if (!isCompositeType(result) || node.selectionSet === undefined) {
    return { fields: leafCost(`${type.name}.${name}`, result.name), dearest: [name] };
  }
  const args = field.args.length === 0 ? NO_ARGUMENTS : getArgumentValues(field, node, walk.variables);
  const inner = costOfSelection(node.selectionSet, result, { ...walk, above: args });
  const full = `${type.name}.${name}`;
  const isList = isListType(getNullableType(field.type));
  const size = listSize({ name: full, isList, args, above: walk.above });
  return { fields: 1 + baseCost(full, args) + size * inner.fields, dearest: [name, ...inner.dearest] };
}

/** Fields that every schema has: the name of a type, or what there is to ask for, which is read from memory without a pause. */
function costOfIntrospection({ name: { value: name }, selectionSet }: FieldNode, walk: Walk): Cost {
  const meta = [SchemaMetaFieldDef, TypeMetaFieldDef].find((one) => one.name === name);
  const type = meta && getNamedType(meta.type);
  if (!isCompositeType(type) || selectionSet === undefined) return { fields: 1, dearest: [name] };
  const { fields } = costOfSelection(selectionSet, type, walk);
  return { fields: Math.max(INTROSPECTION[name] ?? 1, Math.ceil(fields / INTROSPECTION_SHARE)), dearest: [name] };
}
