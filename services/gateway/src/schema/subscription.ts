import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import type { Context } from '../context.ts';
import { requireRun } from '../domain/runs.ts';
import { conditionsOf } from '../domain/run-filter.ts';
import { watchRun } from '../domain/watch.ts';
import { watchRuns } from '../domain/watch-runs.ts';
import { Run, RunFilter } from './run.ts';

@Resolver()
export class SubscriptionResolver {
  @Subscription(() => Run, {
    description: 'The run as it is, then at each change with a growing seq, until it has ended.',
    subscribe: async ({ args, context }: { args: { id: string }; context: Context }) =>
      watchRun(context, await requireRun(context, args.id)),
  })
  runUpdated(@Root() run: Run, @Arg('id', () => ID, { description: 'Id of the run.' }) _id: string): Run {
    return run;
  }

  @Subscription(() => Run, {
    description:
      'Every run of the project that matches the filter: first those that have not ended, the newest hundred; then each after a change, with a growing seq. A client that reads slowly gets the latest state of each run and not all between. A run that no longer matches is not told of.',
    subscribe: ({ args, context }: { args: { filter?: RunFilter }; context: Context }) =>
      watchRuns(context, conditionsOf(args.filter)),
  })
  runsUpdated(
    @Root() run: Run,
    @Arg('filter', () => RunFilter, { nullable: true, description: 'All runs when absent.' }) _filter?: RunFilter,
  ): Run {
    return run;
  }
}
