import { KneepointError, type KneepointClient } from '@kneepoint/client';
import {
  QueryCache,
  QueryClient,
  QueryClientProvider,
  useInfiniteQuery,
  useMutation,
  useQueries,
  useQuery,
  type UseQueryResult,
} from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';
import { openGateway } from './gateway.ts';

const Gateway = createContext<KneepointClient | null>(null);
const Refused = createContext(false);

export function GatewayProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const gateway = useMemo(openGateway, []);
  const [isRefused, setRefused] = useState(false);
  const queries = useMemo(
    () =>
      new QueryClient({
        queryCache: new QueryCache({ onError: (error) => isWithoutToken(error) && setRefused(true) }),
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
      <Refused.Provider value={isRefused}>
        <QueryClientProvider client={queries}>{children}</QueryClientProvider>
      </Refused.Provider>
    </Gateway.Provider>
  );
}

export function useGateway(): KneepointClient {
  return useContext(Gateway)!;
}

/** Whether the gateway does not know who asks, from the start or since a token has ended. */
export function useIsRefused(): boolean {
  return useContext(Refused);
}

function isWithoutToken(error: Error): boolean {
  return error instanceof KneepointError && error.code === 'UNAUTHENTICATED';
}

/** A document with its types, of the client or of the page: each package has a class of its own for them. */
interface TypedText<Data, Variables> {
  toString(): string;
  readonly __apiType?: ((variables: Variables) => Data) | undefined;
}

export interface AskOptions<Data = unknown> {
  readonly enabled?: boolean;
  /** Milliseconds after which it is asked again, perhaps by what was answered; never when absent or undefined. */
  readonly every?: number | ((data: Data | undefined) => number | undefined);
}

/** The data of a query of the schema; asked once for all who ask the same. */
export function useAsk<Data, Variables extends object>(
  document: TypedText<Data, Variables>,
  variables: Variables,
  { enabled = true, every }: AskOptions<Data> = {},
): UseQueryResult<Data, Error> {
  const gateway = useGateway();
  return useQuery({
    queryKey: [document.toString(), variables],
    queryFn: ({ signal }) => gateway.query<Data, Variables>(document.toString(), variables, { signal }),
    enabled,
    placeholderData: (before) => before,
    refetchInterval: ({ state }) => (typeof every === 'function' ? every(state.data) : every) ?? false,
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

export interface PagesOptions<Data> {
  readonly pageOf: (data: Data) => ListPage;
  readonly enabled?: boolean;
  /** Milliseconds after which it is asked again; never when absent. */
  readonly every?: number;
}

/** A list page by page, as far as it was asked for; pages that are there are asked for again every so often. */
export function useAskPages<Data, Variables extends object>(
  document: TypedText<Data, Variables & { after: string | null }>,
  variables: Variables,
  { pageOf, every, enabled = true }: PagesOptions<Data>,
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
    enabled,
    initialPageParam: null as string | null,
    getNextPageParam: (last: Data) => {
      const { hasNextPage, endCursor } = pageOf(last).pageInfo;
      return hasNextPage ? endCursor : undefined;
    },
    placeholderData: (before) => before,
    // Many pages are as many questions: what is far down the list is history.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > FEW_PAGES ? false : (every ?? false)),
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
