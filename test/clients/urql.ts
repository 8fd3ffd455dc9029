import { cacheExchange, Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { iterate } from './iterate.ts';
import type { StockClient } from './job.ts';

export function urql(url: string, token: string): StockClient {
  const authorization = `Bearer ${token}`;
  const socket = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
  });
  const client = new Client({
    url,
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe({ query, variables: variables as Record<string, unknown> }, sink as never),
          }),
        }),
      }),
    ],
    // It sends short queries as GET when it is not told otherwise, which a gateway takes from no browser.
    preferGetMethod: false,
    requestPolicy: 'network-only',
    fetchOptions: { headers: { authorization } },
  });
  return {
    async request(document, variables) {
      const definition = document.definitions[0] as { operation: string };
      const { data, error } = await (definition.operation === 'mutation'
        ? client.mutation<unknown>(document, variables)
        : client.query<unknown>(document, variables));
      if (error) throw error;
      return data;
    },
    follow: (document, variables) =>
      iterate((next, done, fail) => {
        const source = client.subscription<unknown>(document, variables);
        const subscription = source.subscribe(({ data, error, hasNext }) => {
          if (error) fail(error);
          else if (data) next(data);
          if (!hasNext) done();
        });
        return subscription;
      }),
    close: () => socket.dispose(),
  };
}
