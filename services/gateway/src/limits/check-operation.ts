import { Failure } from '@kneepoint/failures';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { costOf } from './cost.ts';

interface Operation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** What an operation costs, or QUERY_TOO_COSTLY where that is more than the limit. */
export function requireAffordable(operation: Operation, limit: number): number {
  const { fields, dearest } = costOf(operation);
  if (fields <= limit) return fields;
  throw new Failure('QUERY_TOO_COSTLY', `the answer can have ${fields} fields; ${limit} may be asked for at once`, {
    ...(dearest.length === 0 ? {} : { where: dearest.join('.') }),
    fix:
      dearest.length === 0
        ? 'Ask for less at a time: fewer aliases, smaller pages.'
        : 'Ask for smaller pages there (first), or for what lies within of one object at a time.',
  });
}
