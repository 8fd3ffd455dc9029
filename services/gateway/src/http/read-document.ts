import type { ApolloServerOptions, BaseContext } from '@apollo/server';
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
import { LRUCache } from 'lru-cache';
import { type CarriedJson, requireShallow } from './json-depth.ts';

export interface DocumentLimits {
  readonly schema: GraphQLSchema;
  /** Limits on top of GraphQL's own rules. */
  readonly rules: readonly ValidationRule[];
  readonly maxTokens: number;
}

/** Characters of all documents that are remembered, and of the longest of them; parsed, one takes some twenty times as much memory. */
const REMEMBERED = 200_000;
const LONGEST = 10_000;

/** Parses and validates; sound documents are remembered, since clients send the same few over and over. */
export function documentReader(
  limits: DocumentLimits,
): (query: string, carried: CarriedJson) => DocumentNode | readonly GraphQLError[] {
  const remembered = rememberedDocuments();
  return (query, carried) => {
    const refused = shallow(carried);
    if (refused !== null) return [refused];
    const known = remembered.get(query);
    const document = known ?? read(query, limits);
    if (known === undefined && 'kind' in document) remembered.set(query, document);
    return document;
  };
}

/** Documents by their text, or by a name of it; what does not fit is read each time. */
function rememberedDocuments(): LRUCache<string, DocumentNode> {
  return new LRUCache({
    maxSize: REMEMBERED,
    maxEntrySize: LONGEST,
    sizeCalculation: ({ loc }) => Math.max(1, loc?.end ?? LONGEST),
  });
}

type DocumentStore = NonNullable<ApolloServerOptions<BaseContext>['documentStore']>;

/** The same for Apollo, whose own may grow to thirty megabytes. */
export function documentStore(): DocumentStore {
  const remembered = rememberedDocuments();
  return {
    get: (name) => Promise.resolve(remembered.get(name)),
    set: (name, document) => {
      remembered.set(name, document);
      return Promise.resolve();
    },
    delete: (name) => Promise.resolve(remembered.delete(name)),
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
