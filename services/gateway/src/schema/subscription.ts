import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
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
  runUpdated(@Root() run: Run, @Arg('id', () => ID) _id: string): Run {
    return run;
  }
}
