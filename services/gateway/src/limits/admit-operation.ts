import type { DocumentNode, GraphQLSchema } from 'graphql';
import type { Principal } from '../identity/principal.ts';
import { requireAffordable } from './check-operation.ts';
import { costInRate, type Limits } from './limits.ts';
import type { Rate } from './rate.ts';

interface Asked {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Lets an operation be executed, or throws QUERY_TOO_COSTLY, RATE_EXCEEDED. The same for whatever way it came. */
export type AdmitOperation = (asked: Asked, principal: Principal) => Promise<void>;

export function operationAdmission(schema: GraphQLSchema, limits: Pick<Limits, 'cost'>, rate: Rate): AdmitOperation {
  return async (asked, principal) => {
    await rate(principal, costInRate(requireAffordable({ schema, ...asked }, limits.cost)));
  };
}
