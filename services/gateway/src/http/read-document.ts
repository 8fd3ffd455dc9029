import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  validate,
  type ValidationRule,
} from 'graphql';

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
export function documentReader(limits: DocumentLimits): (query: string) => DocumentNode | readonly GraphQLError[] {
  const remembered = new Map<string, DocumentNode>();
  return (query) => {
    const known = remembered.get(query);
    const document = known ?? read(query, limits);
    if (!('kind' in document) || query.length > LONGEST) return document;
    remembered.delete(query);
    remembered.set(query, document);
    if (remembered.size > DOCUMENTS_REMEMBERED) remembered.delete(remembered.keys().next().value!);
    return document;
  };
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
