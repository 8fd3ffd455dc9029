import type { ApolloServerOptionsWithGateway, ApolloServerPlugin } from '@apollo/server';
import type { GraphQLSchema } from 'graphql';
import type { Context } from '../context.ts';
import type { AdmitOperation } from '../limits/admit-operation.ts';
import type { Executor } from '../limits/executor.ts';
import { inform } from './tell-errors.ts';

/** Refuses operations over HTTP that cost too much, or come too often. */
export function limitOperations(admit: AdmitOperation): ApolloServerPlugin<Context> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation: ({ document, operationName, request: { variables }, contextValue }) =>
          inform(() => admit({ document, operationName, variables }, contextValue.principal)),
      }),
  };
}

/** Lets Apollo execute by another executor than GraphQL's: it has no other place for one than that of its own gateways. */
export function executedBy(
  executor: Executor,
  schema: GraphQLSchema,
): ApolloServerOptionsWithGateway<Context>['gateway'] {
  type Loaded = Awaited<ReturnType<ApolloServerOptionsWithGateway<Context>['gateway']['load']>>;
  const execute: Loaded['executor'] = ({ document, operationName, request, context }) =>
    executor({
      ...{ schema, document, contextValue: context },
      ...{ operationName: operationName ?? null, variableValues: request.variables ?? {} },
    });
  return {
    load: () => Promise.resolve({ executor: execute }),
    onSchemaLoadOrUpdate(tell) {
      tell({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => undefined;
    },
    stop: () => Promise.resolve(),
  };
}
