import { createSourceEventStream, type ExecutionArgs, GraphQLError } from 'graphql';
import type { OperationResult } from 'graphql-ws';
import type { Executor } from '../limits/executor.ts';

/**
 * Begins a subscription whose every event is answered within the limits of one operation, by the executor that answers queries: GraphQL's own
 * way knows none, and an event comes as often as something changes. An event that is refused is an answer with its code; the next one comes.
 */
export async function liveEvents(args: ExecutionArgs, executor: Executor): Promise<Awaited<OperationResult>> {
  const stream = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in stream)) return stream;
  const source = stream[Symbol.asyncIterator]();
  let failed = false;
  const end = async (): Promise<IteratorReturnResult<undefined>> => {
    await source.return?.();
    return { done: true, value: undefined };
  };
  const events = {
    async next() {
      if (failed) return end();
      try {
        const event = await source.next();
        return event.done === true ? end() : { value: await executor({ ...args, rootValue: event.value }) };
      } catch (error) {
        // The last event says why there are no more; other operations of the socket go on.
        failed = true;
        return { value: { errors: [toGraphqlError(error)] } };
      }
    },
    // Also while an event is waited for, which a generator of its own would not hear.
    return: end,
    async throw(error: unknown): Promise<never> {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]: () => events,
    [Symbol.asyncDispose]: async () => void (await end()),
  };
  return events as Awaited<OperationResult>;
}

function toGraphqlError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}
