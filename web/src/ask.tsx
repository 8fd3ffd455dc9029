import { KneepointError, type KneepointClient } from '@kneepoint/client';
import { QueryClient, QueryClientProvider, useMutation, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useMemo } from 'react';
import { openGateway } from './gateway.ts';

const Gateway = createContext<KneepointClient | null>(null);

export function GatewayProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const gateway = useMemo(openGateway, []);
  const queries = useMemo(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: {
            staleTime: 5_000,
            retry: (failures, error) => failures < 3 && isRetryable(error),
          },
        },
      }),
    [],
  );
  return (
    <Gateway.Provider value={gateway}>
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </Gateway.Provider>
  );
}

export function useGateway(): KneepointClient {
  return useContext(Gateway)!;
}

/** A document with its types, of the client or of the page: each package has a class of its own for them. */
interface TypedText<Data, Variables> {
  toString(): string;
  readonly __apiType?: ((variables: Variables) => Data) | undefined;
}

export interface AskOptions {
  readonly enabled?: boolean;
  /** Milliseconds after which it is asked again; never when absent. */
  readonly every?: number;
}

/** The data of a query of the schema; asked once for all who ask the same. */
export function useAsk<Data, Variables extends object>(
  document: TypedText<Data, Variables>,
  variables: Variables,
  { enabled = true, every }: AskOptions = {},
): UseQueryResult<Data, Error> {
  const gateway = useGateway();
  return useQuery({
    queryKey: [document.toString(), variables],
    queryFn: ({ signal }) => gateway.query<Data, Variables>(document.toString(), variables, { signal }),
    enabled,
    placeholderData: (before) => before,
    ...(every === undefined ? {} : { refetchInterval: every }),
  });
}

/** What changes something: a function to call, and how that goes. */
export function useChange<Input, Output>(change: (gateway: KneepointClient, input: Input) => Promise<Output>) {
  const gateway = useGateway();
  return useMutation<Output, Error, Input>({ mutationFn: (input) => change(gateway, input) });
}

/** Whether the same question may be answered later. */
export function isRetryable(error: Error): boolean {
  return error instanceof KneepointError && error.retryable;
}
