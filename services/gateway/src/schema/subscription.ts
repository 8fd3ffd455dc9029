import { Arg, Ctx, ID, Resolver, Root, Subscription } from 'type-graphql';
import type { Context } from '../context.ts';
import { requireRun } from '../domain/runs.ts';
import { watchRun } from '../domain/watch.ts';
import { Run } from './run.ts';

@Resolver()
export class SubscriptionResolver {
  @Subscription(() => Run, {
    description: 'The run as it is, then at each change with a growing seq, until it has ended.',
    subscribe: async ({ args, context }: { args: { id: string }; context: Context }) =>
      watchRun(context, await requireRun(context, args.id)),
  })
  runUpdated(@Root() run: Run, @Ctx() { loaders }: Context, @Arg('id', () => ID) _id: string): Run {
    // One subscription is one request of many events: what was loaded for the last event is stale for this one.
    for (const rows of [loaders.steps, loaders.prunings, loaders.trainings, loaders.reports, loaders.benchmarks]) {
      rows.clear(run.rowId);
    }
    loaders.checkpoints.clearAll();
    loaders.artifacts.clearAll();
    loaders.models.clearAll();
    loaders.datasets.clearAll();
    return run;
  }
}
