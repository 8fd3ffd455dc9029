import { GraphQLClient } from 'graphql-request';
import type { StockClient } from './job.ts';

/** It knows no subscriptions: a run is asked for again until it has ended. */
export function graphqlRequest(url: string, token: string): StockClient {
  const client = new GraphQLClient(url, { headers: { authorization: `Bearer ${token}` } });
  return { request: (document, variables) => client.request(document, variables) };
}
