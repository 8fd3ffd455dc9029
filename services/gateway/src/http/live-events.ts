import { createSourceEventStream, type ExecutionArgs } from 'graphql';
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
  const end = async (): Promise<IteratorReturnResult<undefined>> => {
    await source.return?.();
    return { done: true, value: undefined };
  };
  const events = {
    async next() {
      const event = await source.next();
      return event.done === true ? end() : { value: await executor({ ...args, rootValue: event.value }) };
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
