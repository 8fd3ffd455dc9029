import type { GraphQLResolveInfo } from 'graphql';
import {
  Arg,
  Args,
  Ctx,
  Field,
  Float,
  ID,
  Info,
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
import { inputOfRun } from '../domain/run-input.ts';
import { modelOfRun } from '../domain/models.ts';
import type { Page } from '../domain/pages.ts';
import { attemptsOf, attemptsOfStep, findRun, listRuns, progressOf, type Soon, stepsOf } from '../domain/runs.ts';
import { Artifact } from './artifact.ts';
import { Dataset } from './dataset.ts';
import { Model } from './model.ts';
import { Node } from './node.ts';
import { connectionOf, PageArgs } from './page-info.ts';
import { Label, LabelInput } from './run-details.ts';
import { AttemptOutcome, RunKind, RunState, Service, StepKind, StepState } from './run-enums.ts';
import { DateTime, Json, SafeInt } from './scalars.ts';

@ObjectType({
  simpleResolvers: true,
  description: 'Why something failed: a code of the registry, what was wrong, where, and what would be right.',
})
export class RunFailure {
  @Field(() => String, { description: 'Tells kinds of failures apart, such as `TASK_UNKNOWN`: see `failureCodes`.' })
  code!: string;

  @Field(() => String, { description: 'What was wrong, in one sentence.' })
  message!: string;

  @Field(() => String, {
    nullable: true,
    description: 'A file, a node, a field or a value; null where there is none to name.',
  })
  where!: string | null;

  @Field(() => String, { nullable: true, description: 'What would be right, as an instruction.' })
  fix!: string | null;

  @Field(() => Boolean, { description: 'Whether the same work may succeed when it is repeated unchanged.' })
  retryable!: boolean;
}

@ObjectType({ simpleResolvers: true, description: 'One try at a step.' })
export class Attempt {
  @Field(() => String, { description: 'Name of the step.' })
  step!: string;

  @Field(() => Int, { description: 'From 1, for each step.' })
  number!: number;

  @Field(() => String, { description: 'Name of the process that had it.' })
  worker!: string;

  @Field(() => AttemptOutcome, { nullable: true, description: 'Null while it goes on.' })
  outcome!: string | null;

  @Field(() => RunFailure, { nullable: true, description: 'Why it failed; null unless it did.' })
  failure!: RunFailure | null;

  @Field(() => DateTime, { description: 'When the worker took it.' })
  startedAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it ended; null while it goes on.' })
  endedAt!: Date | null;
}

@ObjectType({ simpleResolvers: true, description: 'How far a run is.' })
export class Progress {
  @Field(() => Float, { description: 'Share of the work that is done, 0 to 1. It never falls.' })
  fraction!: number;

  @Field(() => Int, { description: 'Steps that are done.' })
  stepsDone!: number;

  @Field(() => Int, { description: 'Steps that the run has.' })
  stepsTotal!: number;

  @Field(() => String, { nullable: true, description: 'The step that runs, or runs next; null when all have ended.' })
  current!: string | null;

  @Field(() => StepKind, { nullable: true, description: 'What that step computes.' })
  kind!: string | null;

  @Field(() => StepState, {
    nullable: true,
    description: 'How far that step is: where it is not RUNNING, nothing is worked on at this moment.',
  })
  state!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'What that step says of itself while it runs, such as its epoch; null where it says nothing.',
  })
  message!: string | null;

  @Field(() => SafeInt, { nullable: true, description: 'Units done in all steps of the current kind.' })
  done!: number | null;

  @Field(() => SafeInt, {
    nullable: true,
    description: 'Units in all steps of the current kind; null where nobody knows yet.',
  })
  total!: number | null;

  @Field(() => String, { nullable: true, description: 'What is counted: images, tasks, bytes.' })
  unit!: string | null;

  @Field(() => Float, { nullable: true, description: 'Units done in a second; null where nothing is counted.' })
  ratePerSecond!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds until the steps of the current kind end at the present rate.',
  })
  etaSeconds!: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'One job for one service.' })
export class Step {
  @Field(() => String, { description: 'Tells it apart from others of the run, in words.' })
  name!: string;

  @Field(() => StepKind, { description: 'What it computes.' })
  kind!: string;

  @Field(() => Service, { description: 'Which kind of worker does it.' })
  service!: string;

  @Field(() => StepState, { description: 'How far it is.' })
  state!: string;

  @Field(() => Boolean, { description: 'Whether its result was found rather than computed.' })
  reused!: boolean;

  @Field(() => SafeInt, { nullable: true, description: 'Units done; null where nothing is counted.' })
  done!: number | null;

  @Field(() => SafeInt, { nullable: true, description: 'Units to be done; null where nobody knows.' })
  total!: number | null;

  @Field(() => String, { nullable: true, description: 'What is counted, such as "images".' })
  unit!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'What it says of itself while it runs, such as its epoch; null where it says nothing.',
  })
  message!: string | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds until it ends at the present rate; null unless it runs.',
  })
  etaSeconds!: number | null;

  @Field(() => RunFailure, { nullable: true, description: 'Why it failed; null unless it did.' })
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

  @Field(() => Artifact, { description: 'The network that was cut, with a head fitted in closed form.' })
  model!: Artifact;

  rowId!: string;
}

@ObjectType({ simpleResolvers: true, implements: Node, description: 'A unit of work that somebody launched.' })
export class Run extends Node {
  @Field(() => RunKind, { description: 'What it does.' })
  kind!: string;

  @Field(() => RunState, { description: 'How far it is.' })
  state!: string;

  @Field(() => Int, { description: 'Grows with every change: a client that has seen a higher one may drop this.' })
  seq!: number;

  @Field(() => Boolean, { description: 'True when every step was found done: the run did no work.' })
  reused!: boolean;

  @Field(() => RunFailure, { nullable: true, description: 'Why it failed; null unless it did.' })
  failure!: RunFailure | null;

  @Field(() => DateTime, { description: 'When it was launched.' })
  createdAt!: Date;

  @Field(() => String, { nullable: true, description: 'Who launched it; null where nobody was asked.' })
  createdBy!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When a worker took its first step; null before.' })
  startedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When it ended; null before.' })
  endedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'What people call it.' })
  name!: string | null;

  @Field(() => [Label], {
    description: 'By which it is told apart from others and found again; in the order of their keys.',
  })
  labels!: Label[];

  @Field(() => Json, { nullable: true, description: 'What whoever launched it keeps with it: an object.' })
  metadata!: object | null;

  @Field(() => [String], { description: 'Names of the tasks that it is about; none for imports and benchmarks.' })
  tasks!: readonly string[];

  rowId!: string;
  modelId!: string | null;
  datasetId!: string | null;
}

@InputType({ description: 'Only runs that match every given field.' })
export class RunFilter {
  @Field(() => RunKind, { nullable: true, description: 'Of this kind.' })
  kind?: string;

  @Field(() => [RunState], { nullable: true, description: 'In one of these states.' })
  states?: string[];

  @Field(() => ID, { nullable: true, description: 'Of this model.' })
  model?: string;

  @Field(() => ID, { nullable: true, description: 'Of this data set.' })
  dataset?: string;

  @Field(() => String, { nullable: true, description: 'Called exactly this.' })
  name?: string;

  @Field(() => [LabelInput], { nullable: true, description: 'With all of these labels.' })
  labels?: LabelInput[];

  @Field(() => String, { nullable: true, description: 'About this task, among others perhaps.' })
  task?: string;

  @Field(() => String, { nullable: true, description: 'Launched by who has this name.' })
  createdBy?: string;

  @Field(() => DateTime, { nullable: true, description: 'Launched at this time or later.' })
  createdFrom?: Date;

  @Field(() => DateTime, { nullable: true, description: 'Launched before this time.' })
  createdBefore?: Date;
}

const RunConnection = connectionOf('Run', () => Run);
const StepConnection = connectionOf('Step', () => Step);
const AttemptConnection = connectionOf('Attempt', () => Attempt);

@Resolver(() => Run)
export class RunResolver {
  @Query(() => Run, { nullable: true, description: 'A run by its id; null where there is none.' })
  run(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the run.' }) id: string,
  ): Promise<Run | null> {
    return findRun(context, localId('Run', id));
  }

  @Query(() => RunConnection, { description: 'Newest first.' })
  runs(
    @Ctx() context: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => RunFilter, { nullable: true, description: 'All runs when absent.' }) filter?: RunFilter,
  ): Promise<Page<Run>> {
    return listRuns(context, page, filter);
  }

  @FieldResolver(() => Json, {
    nullable: true,
    description:
      'What it was launched with, as its mutation would take it again: the `input` of `launchPrune` for a PRUNE run, and so on, without `idempotencyKey` and `run`.',
  })
  input(@Root() run: Run, @Ctx() context: Context, @Info() { schema }: GraphQLResolveInfo): Promise<object | null> {
    return inputOfRun(context, run, schema);
  }

  @FieldResolver(() => Progress, { description: 'How far it is.' })
  progress(@Root() run: Run, @Ctx() context: Context): Soon<Progress> {
    return progressOf(context, run);
  }

  @FieldResolver(() => StepConnection, { description: 'In the order in which they were planned.' })
  steps(@Root() run: Run, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Soon<Page<Step>> {
    return stepsOf(context, run, page);
  }

  @FieldResolver(() => AttemptConnection, { description: 'Every try at every step, oldest first.' })
  attempts(@Root() run: Run, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Soon<Page<Attempt>> {
    return attemptsOf(context, run, page);
  }

  @FieldResolver(() => Model, {
    nullable: true,
    description: 'The network that it is about, under its present name; null for runs about none or several.',
  })
  model(@Root() run: Run, @Ctx() context: Context): Promise<Model | null> | null {
    return run.modelId === null ? null : modelOfRun(context, run.modelId);
  }

  @FieldResolver(() => Dataset, {
    nullable: true,
    description: 'The data set that it is about, under its present name; null for runs about none.',
  })
  dataset(@Root() run: Run, @Ctx() context: Context): Promise<Dataset | null> | null {
    return run.datasetId === null ? null : datasetOfRun(context, run.datasetId);
  }
}

@Resolver(() => Step)
export class StepResolver {
  @FieldResolver(() => AttemptConnection, { description: 'Oldest first.' })
  attempts(@Root() step: Step, @Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Soon<Page<Attempt>> {
    return attemptsOfStep(context, step, page);
  }
}
