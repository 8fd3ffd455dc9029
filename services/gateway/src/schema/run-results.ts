import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { benchmarkOf } from '../domain/benchmarks.ts';
import { compressionsOf } from '../domain/compressions.ts';
import { resultOfDelivered } from '../domain/delivered.ts';
import type { Page } from '../domain/pages.ts';
import { pruningsOf, type Soon } from '../domain/runs.ts';
import { trainingsOf } from '../domain/trainings.ts';
import { Benchmark } from './benchmark.ts';
import { Compression } from './compression.ts';
import { connectionOf, PageArgs } from './page-info.ts';
import { ReportResult } from './report-result.ts';
import { Pruning, Run } from './run.ts';
import { Training } from './training.ts';

const PruningConnection = connectionOf('Pruning', () => Pruning);
const TrainingConnection = connectionOf('Training', () => Training);
const CompressionConnection = connectionOf('Compression', () => Compression);

/** What runs leave behind, by kind. */
@Resolver(() => Run)
export class RunResultsResolver {
  @FieldResolver(() => PruningConnection, { description: 'What was cut so far, before anything was trained.' })
  prunings(@Root() run: Run, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Soon<Page<Pruning>> {
    return pruningsOf(context, run, page);
  }

  @FieldResolver(() => TrainingConnection, { description: 'Every training of the run, with its epochs as they end.' })
  trainings(@Root() run: Run, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Soon<Page<Training>> {
    return trainingsOf(context, run, page);
  }

  @FieldResolver(() => CompressionConnection, { description: 'What a COMPRESSION run has finished so far.' })
  compressions(
    @Root() run: Run,
    @Ctx() context: Context,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Page<Compression>> {
    return compressionsOf(context, run, page);
  }

  @FieldResolver(() => Benchmark, { nullable: true, description: 'What a BENCHMARK run has measured.' })
  benchmark(@Root() run: Run, @Ctx() context: Context): Promise<Benchmark | null> {
    return benchmarkOf(context, run);
  }
}

/** What was measured of a network that a run delivers: long, and so only for who asks. */
const RESULT = {
  nullable: true,
  description: 'What came of it, with all figures; null where an earlier version measured.',
};

@Resolver(() => Pruning)
export class PruningResolver {
  @FieldResolver(() => ReportResult, RESULT)
  result(@Root() pruning: Pruning, @Ctx() context: Context): Promise<ReportResult | null> {
    return resultOfDelivered(context, pruning);
  }
}

@Resolver(() => Compression)
export class CompressionResolver {
  @FieldResolver(() => ReportResult, RESULT)
  result(@Root() compression: Compression, @Ctx() context: Context): Promise<ReportResult | null> {
    return resultOfDelivered(context, compression);
  }
}
