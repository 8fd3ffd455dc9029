import { Failure } from '@kneepoint/failures';
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  validate,
  type ValidationRule,
} from 'graphql';
import { type CarriedJson, requireShallow } from './json-depth.ts';

export interface DocumentLimits {
  readonly schema: GraphQLSchema;
  /** Limits on top of GraphQL's own rules. */
  readonly rules: readonly ValidationRule[];
  readonly maxTokens: number;
}

const DOCUMENTS_REMEMBERED = 200;
/** Longer ones are read each time, so that what is remembered stays small. */
const LONGEST = 10_000;

/** Parses and validates; sound documents are remembered, since clients send the same few over and over. */
export function documentReader(
  limits: DocumentLimits,
): (query: string, carried: CarriedJson) => DocumentNode | readonly GraphQLError[] {
  const remembered = new Map<string, DocumentNode>();
  return (query, carried) => {
    const refused = shallow(carried);
    if (refused !== null) return [refused];
    const known = remembered.get(query);
    const document = known ?? read(query, limits);
    if (!('kind' in document) || query.length > LONGEST) return document;
    remembered.delete(query);
    remembered.set(query, document);
    if (remembered.size > DOCUMENTS_REMEMBERED) remembered.delete(remembered.keys().next().value!);
    return document;
  };
}

function shallow(carried: CarriedJson): GraphQLError | null {
  try {
    requireShallow(carried);
    return null;
  } catch (error) {
    return asRefusal(error);
  }
}

/** The failure that a check throws, as GraphQL tells of it; null where it passes. */
export async function refusalOf(check: () => Promise<void>): Promise<GraphQLError | null> {
  return check().then(() => null, asRefusal);
}

function asRefusal(error: unknown): GraphQLError {
  if (error instanceof Failure) return new GraphQLError(error.message, { originalError: error });
  throw error;
}

function read(query: string, { schema, rules, maxTokens }: DocumentLimits): DocumentNode | readonly GraphQLError[] {
  try {
    const document = parse(query, { maxTokens });
    const errors = validate(schema, document, [...specifiedRules, ...rules]);
    return errors.length > 0 ? errors : document;
  } catch (error) {
    // The parser and the limits throw; left alone, that would end the whole connection.
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}
