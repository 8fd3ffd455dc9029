import { KneepointError, type KneepointClient } from '@kneepoint/client';
import {
  QueryClient,
  QueryClientProvider,
  useInfiniteQuery,
  useMutation,
  useQueries,
  useQuery,
  type UseQueryResult,
} from '@tanstack/react-query';
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

/** The same question about several things, in their order. */
export function useAskEach<Data, Variables extends object>(
  document: TypedText<Data, Variables>,
  each: readonly Variables[],
): readonly UseQueryResult<Data, Error>[] {
  const gateway = useGateway();
  return useQueries({
    queries: each.map((variables) => ({
      queryKey: [document.toString(), variables],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        gateway.query<Data, Variables>(document.toString(), variables, { signal }),
    })),
  });
}

/** A page of a list. */
interface ListPage {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** A list page by page, as far as it was asked for; pages that are there are asked for again every so often. */
export function useAskPages<Data, Variables extends object>(
  document: TypedText<Data, Variables & { after: string | null }>,
  variables: Variables,
  { pageOf, every }: { readonly pageOf: (data: Data) => ListPage; readonly every: number },
) {
  const gateway = useGateway();
  return useInfiniteQuery({
    queryKey: [document.toString(), variables],
    queryFn: ({ signal, pageParam }: { readonly signal: AbortSignal; readonly pageParam: string | null }) =>
      gateway.query<Data, Variables & { after: string | null }>(
        document.toString(),
        { ...variables, after: pageParam },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last: Data) => {
      const { hasNextPage, endCursor } = pageOf(last).pageInfo;
      return hasNextPage ? endCursor : undefined;
    },
    placeholderData: (before) => before,
    // Many pages are as many questions: what is far down the list is history.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > FEW_PAGES ? false : every),
  });
}

const FEW_PAGES = 3;

/** What changes something: a function to call, and how that goes. */
export function useChange<Input, Output>(change: (gateway: KneepointClient, input: Input) => Promise<Output>) {
  const gateway = useGateway();
  return useMutation<Output, Error, Input>({ mutationFn: (input) => change(gateway, input) });
}

/** Whether the same question may be answered later. */
export function isRetryable(error: Error): boolean {
  return error instanceof KneepointError && error.retryable;
}
