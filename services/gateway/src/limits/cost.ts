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
import { INTROSPECTION, INTROSPECTION_SHARE, JSON_COST, listSize } from './list-size.ts';

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
  readonly variables: Readonly<Record<string, unknown>>;
}

interface Operation {
  readonly schema: GraphQLSchema;
  /** Valid for the schema: no fragment leads back to itself. */
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

const NOTHING: Cost = { fields: 0, dearest: [] };

/**
 * Counts the fields that an answer can have, from the document and its variables alone: a page counts with its size, a list with what
 * `listSize` says, and all that lies within is multiplied. Aliases count each; what `@skip` leaves out counts too.
 */
export function costOf({ schema, document, operationName, variables }: Operation): Cost {
  const operation = getOperationAST(document, operationName);
  const type = operation && schema.getRootType(operation.operation);
  if (!operation || !type) return NOTHING;
  const coerced = coerce(schema, operation, variables ?? {});
  // Variables that do not fit are refused where the operation is executed, before anything is read.
  if (coerced === undefined) return NOTHING;
  const fragments = new Map(
    document.definitions.flatMap((part) => (part.kind === Kind.FRAGMENT_DEFINITION ? [[part.name.value, part]] : [])),
  );
  return costOfSelection(operation.selectionSet, type, { schema, fragments, known: new Map(), variables: coerced });
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
      const known = walk.known.get(name);
      if (known !== undefined) return known;
      const fragment = walk.fragments.get(name);
      if (fragment === undefined) return NOTHING;
      // Once for each fragment, however often it is spread: a document of a few lines can spread one a million times.
      const cost = costOfSelection(fragment.selectionSet, within(fragment.typeCondition.name.value, type, walk), walk);
      walk.known.set(name, cost);
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
    return { fields: result.name === 'JSON' ? JSON_COST : 1, dearest: [name] };
  }
  const inner = costOfSelection(node.selectionSet, result, walk);
  const size = listSize({
    name: `${type.name}.${name}`,
    isList: isListType(getNullableType(field.type)),
    args: field.args.length === 0 ? {} : getArgumentValues(field, node, walk.variables),
  });
  return { fields: 1 + size * inner.fields, dearest: [name, ...inner.dearest] };
}

/** Fields that every schema has: the name of a type, or what there is to ask for, which is read from memory without a pause. */
function costOfIntrospection({ name: { value: name }, selectionSet }: FieldNode, walk: Walk): Cost {
  const meta = [SchemaMetaFieldDef, TypeMetaFieldDef].find((one) => one.name === name);
  const type = meta && getNamedType(meta.type);
  if (!isCompositeType(type) || selectionSet === undefined) return { fields: 1, dearest: [name] };
  const { fields } = costOfSelection(selectionSet, type, walk);
  return { fields: Math.max(INTROSPECTION[name] ?? 1, Math.ceil(fields / INTROSPECTION_SHARE)), dearest: [name] };
}
