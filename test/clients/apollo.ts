import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { iterate } from './iterate.ts';
import type { StockClient } from './job.ts';

export function apollo(url: string, token: string): StockClient {
  const authorization = `Bearer ${token}`;
  const socket = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
  });
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      new HttpLink({ uri: url, headers: { authorization } }),
    ),
    defaultOptions: { query: { fetchPolicy: 'no-cache' } },
  });
  return {
    async request(document, variables) {
      const definition = document.definitions[0] as { operation: string };
      const { data } =
        definition.operation === 'mutation'
          ? await client.mutate({ mutation: document, variables })
          : await client.query({ query: document, variables });
      return data;
    },
    follow: (document, variables) =>
      iterate((next, done, fail) =>
        client
          .subscribe({ query: document, variables, fetchPolicy: 'no-cache' })
          .subscribe({ next: ({ data }) => next(data), complete: done, error: fail }),
      ),
    async close() {
      client.stop();
      await socket.dispose();
    },
  };
}
