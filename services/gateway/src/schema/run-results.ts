import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { benchmarkOf } from '../domain/benchmarks.ts';
import { compressionsOf } from '../domain/compressions.ts';
import { pruningsOf } from '../domain/runs.ts';
import { trainingsOf } from '../domain/trainings.ts';
import { Benchmark } from './benchmark.ts';
import { Compression } from './compression.ts';
import { Pruning, Run } from './run.ts';
import { Training } from './training.ts';

/** What runs leave behind, by kind. */
@Resolver(() => Run)
export class RunResultsResolver {
  @FieldResolver(() => [Pruning], { description: 'What was cut so far, before anything was trained.' })
  prunings(@Root() run: Run, @Ctx() context: Context): Promise<readonly Pruning[]> {
    return pruningsOf(context, run);
  }

  @FieldResolver(() => [Training], { description: 'Every training of the run, with its epochs as they end.' })
  trainings(@Root() run: Run, @Ctx() context: Context): Promise<readonly Training[]> {
    return trainingsOf(context, run);
  }

  @FieldResolver(() => [Compression], { description: 'What a COMPRESSION run has finished so far.' })
  compressions(@Root() run: Run, @Ctx() context: Context): Promise<readonly Compression[]> {
    return compressionsOf(context, run);
  }

  @FieldResolver(() => Benchmark, { nullable: true, description: 'What a BENCHMARK run has measured.' })
  benchmark(@Root() run: Run, @Ctx() context: Context): Promise<Benchmark | null> {
    return benchmarkOf(context, run);
  }
}
