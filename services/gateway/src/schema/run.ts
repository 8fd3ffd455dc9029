import {
  Arg,
  Args,
  Ctx,
  Field,
  Float,
  ID,
  InputType,
  Int,
  ObjectType,
  Query,
  Resolver,
  Root,
  FieldResolver,
} from 'type-graphql';
import type { Context } from '../context.ts';
import { datasetOfRun } from '../domain/datasets.ts';
import { localId } from '../domain/ids.ts';
import { modelOfRun } from '../domain/models.ts';
import type { Page } from '../domain/pages.ts';
import { attemptsOf, attemptsOfStep, findRun, listRuns, progressOf, stepsOf } from '../domain/runs.ts';
import { Artifact } from './artifact.ts';
import { Dataset } from './dataset.ts';
import { Model } from './model.ts';
import { Node } from './node.ts';
import { connectionOf, PageArgs } from './page-info.ts';
import { ReportResult } from './report-result.ts';
import { AttemptOutcome, RunKind, RunState, Service, StepKind, StepState } from './run-enums.ts';
import { DateTime, Json, SafeInt } from './scalars.ts';

@ObjectType({
  simpleResolvers: true,
  description: 'Why something failed: a code of the registry, what was wrong, where, and what would be right.',
})
export class RunFailure {
  @Field(() => String)
  code!: string;

  @Field(() => String)
  message!: string;

  @Field(() => String, { nullable: true })
  where!: string | null;

  @Field(() => String, { nullable: true, description: 'What would be right, as an instruction.' })
  fix!: string | null;

  @Field(() => Boolean, { description: 'Whether the same work may succeed when it is repeated unchanged.' })
  retryable!: boolean;
}

@ObjectType({ simpleResolvers: true, description: 'One try at a step.' })
export class Attempt {
  @Field(() => Int)
  number!: number;

  @Field(() => String)
  worker!: string;

  @Field(() => AttemptOutcome, { nullable: true, description: 'Null while it goes on.' })
  outcome!: string | null;

  @Field(() => RunFailure, { nullable: true })
  failure!: RunFailure | null;

  @Field(() => DateTime)
  startedAt!: Date;

  @Field(() => DateTime, { nullable: true })
  endedAt!: Date | null;
}

@ObjectType({ simpleResolvers: true })
export class Progress {
  @Field(() => Float, { description: 'Share of the work that is done, 0 to 1.' })
  fraction!: number;

  @Field(() => Int)
  stepsDone!: number;

  @Field(() => Int)
  stepsTotal!: number;

  @Field(() => String, { nullable: true, description: 'The step that runs, or runs next; null when all have ended.' })
  current!: string | null;

  @Field(() => SafeInt, { nullable: true, description: 'Units done in all steps of the current kind.' })
  done!: number | null;

  @Field(() => SafeInt, { nullable: true })
  total!: number | null;

  @Field(() => String, { nullable: true, description: 'What is counted: images, tasks, bytes.' })
  unit!: string | null;

  @Field(() => Float, { nullable: true })
  ratePerSecond!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds until the steps of the current kind end at the present rate.',
  })
  etaSeconds!: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'One job for one service.' })
export class Step {
  @Field(() => String)
  name!: string;

  @Field(() => StepKind)
  kind!: string;

  @Field(() => Service, { description: 'Which kind of worker does it.' })
  service!: string;

  @Field(() => StepState)
  state!: string;

  @Field(() => Boolean, { description: 'Whether its result was found rather than computed.' })
  reused!: boolean;

  @Field(() => SafeInt, { nullable: true })
  done!: number | null;

  @Field(() => SafeInt, { nullable: true })
  total!: number | null;

  @Field(() => String, { nullable: true })
  unit!: string | null;

  @Field(() => RunFailure, { nullable: true })
  failure!: RunFailure | null;

  rowId!: string;
  /** The run's seq. */
  version!: string;
}

@ObjectType({ description: 'A network cut at one ε or target.' })
export class Pruning {
  @Field(() => String, { description: 'Tells it apart from others of the run, such as "0.01" or "macs-60pct".' })
  label!: string;

  @Field(() => Float, { nullable: true, description: 'Null where a target decided.' })
  epsilon!: number | null;

  @Field(() => ReportResult, {
    nullable: true,
    description: 'What came of it, with all figures; null where an earlier version measured.',
  })
  result!: ReportResult | null;

  @Field(() => Json, { description: 'Metric, size and latency before and after, filters kept per layer, proof.' })
  report!: object;

  @Field(() => Artifact)
  model!: Artifact;

  @Field(() => Artifact)
  reportFile!: Artifact;
}

@ObjectType({ simpleResolvers: true, implements: Node, description: 'A unit of work that somebody launched.' })
export class Run extends Node {
  @Field(() => RunKind)
  kind!: string;

  @Field(() => RunState)
  state!: string;

  @Field(() => Int, { description: 'Grows with every change: a client that has seen a higher one may drop this.' })
  seq!: number;

  @Field(() => Boolean, { description: 'True when every step was found done: the run did no work.' })
  reused!: boolean;

  @Field(() => RunFailure, { nullable: true })
  failure!: RunFailure | null;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => String, { nullable: true, description: 'Who launched it; null where nobody was asked.' })
  createdBy!: string | null;

  @Field(() => DateTime, { nullable: true })
  startedAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  endedAt!: Date | null;

  rowId!: string;
  modelId!: string | null;
  datasetId!: string | null;
}

@InputType({ description: 'Only runs that match every given field.' })
export class RunFilter {
  @Field(() => RunKind, { nullable: true })
  kind?: string;

  @Field(() => RunState, { nullable: true })
  state?: string;

  @Field(() => ID, { nullable: true })
  model?: string;

  @Field(() => ID, { nullable: true })
  dataset?: string;
}

const RunConnection = connectionOf('Run', () => Run);
const StepConnection = connectionOf('Step', () => Step);
const AttemptConnection = connectionOf('Attempt', () => Attempt);

@Resolver(() => Run)
export class RunResolver {
  @Query(() => Run, { nullable: true })
  run(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<Run | null> {
    return findRun(context, localId('Run', id));
  }

  @Query(() => RunConnection, { description: 'Newest first.' })
  runs(
    @Ctx() context: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => RunFilter, { nullable: true }) filter?: RunFilter,
  ): Promise<Page<Run>> {
    return listRuns(context, page, filter ?? {});
  }

  @FieldResolver(() => Progress)
  progress(@Root() run: Run, @Ctx() context: Context): Promise<Progress> {
    return progressOf(context, run);
  }

  @FieldResolver(() => StepConnection, { description: 'In the order in which they were planned.' })
  steps(@Root() run: Run, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Promise<Page<Step>> {
    return stepsOf(context, run, page);
  }

  @FieldResolver(() => AttemptConnection, { description: 'Every try at every step, oldest first.' })
  attempts(@Root() run: Run, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Promise<Page<Attempt>> {
    return attemptsOf(context, run, page);
  }

  @FieldResolver(() => Model, { nullable: true })
  model(@Root() run: Run, @Ctx() context: Context): Promise<Model | null> | null {
    return run.modelId === null ? null : modelOfRun(context, run.modelId);
  }

  @FieldResolver(() => Dataset, { nullable: true })
  dataset(@Root() run: Run, @Ctx() context: Context): Promise<Dataset | null> | null {
    return run.datasetId === null ? null : datasetOfRun(context, run.datasetId);
  }
}

@Resolver(() => Step)
export class StepResolver {
  @FieldResolver(() => AttemptConnection, { description: 'Oldest first.' })
  attempts(@Root() step: Step, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Promise<Page<Attempt>> {
    return attemptsOfStep(context, step, page);
  }
}
