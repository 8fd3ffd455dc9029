import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { launchBenchmark } from '../domain/benchmarks.ts';
import { launchCompression } from '../domain/compressions.ts';
import { launchFinetune } from '../domain/finetunes.ts';
import { settleCompression } from '../domain/settle.ts';
import { LaunchBenchmarkInput } from './benchmark.ts';
import { LaunchCompressionInput } from './compression.ts';
import { runPayload, RunPayload } from './mutations.ts';
import { LaunchFinetuneInput } from './training.ts';

@Resolver()
export class TrainingMutationResolver {
  @Mutation(() => RunPayload, { description: 'Trains a network for one or several tasks of a data set.' })
  launchFinetune(
    @Ctx() context: Context,
    @Arg('input', () => LaunchFinetuneInput, { description: 'What to train.' }) input: LaunchFinetuneInput,
  ): Promise<RunPayload> {
    return runPayload(() => launchFinetune(context, input));
  }

  @Mutation(() => RunPayload, {
    description:
      'All of it: analysis, pruning at each ε, the trainings that it is compared with, and one report for each ε.',
  })
  launchCompression(
    @Ctx() context: Context,
    @Arg('input', () => LaunchCompressionInput, { description: 'What to compress.' }) input: LaunchCompressionInput,
  ): Promise<RunPayload> {
    return runPayload(() => launchCompression(context, input));
  }

  @Mutation(() => RunPayload, {
    description:
      'Ends a search for the smallest network that keeps a goal with the best so far: cancels what is left of it and launches it again with the rounds that are done.',
  })
  settleCompression(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the run.' }) id: string,
  ): Promise<RunPayload> {
    return runPayload(() => settleCompression(context, id));
  }

  @Mutation(() => RunPayload, { description: 'Times networks against each other in one run.' })
  launchBenchmark(
    @Ctx() context: Context,
    @Arg('input', () => LaunchBenchmarkInput, { description: 'What to time.' }) input: LaunchBenchmarkInput,
  ): Promise<RunPayload> {
    return runPayload(() => launchBenchmark(context, input));
  }
}
