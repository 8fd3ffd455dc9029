import { Ctx, Field, FieldResolver, Float, ID, Int, ObjectType, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { reportOfRun } from '../domain/reports.ts';
import { Artifact } from './artifact.ts';
import { TaskType } from './metric.ts';
import { ReportResult } from './report-result.ts';
import { RunKind } from './run-enums.ts';
import { Run } from './run.ts';
import { DateTime, Json, SafeInt } from './scalars.ts';

@ObjectType({ simpleResolvers: true, description: 'A name and what it stands for.' })
export class ReportEntry {
  @Field(() => String, { description: 'The name.' })
  key!: string;

  @Field(() => String, { description: 'What it stands for.' })
  value!: string;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Who asked, when and under which name, as it was when the report was made.',
})
export class ReportRun {
  @Field(() => ID, { description: 'The run’s id.' })
  id!: string;

  @Field(() => RunKind, { description: 'PRUNE or COMPRESSION.' })
  kind!: string;

  @Field(() => String, { nullable: true, description: 'What people call it.' })
  name!: string | null;

  @Field(() => [ReportEntry], { description: 'By which it is told apart from others.' })
  labels!: readonly ReportEntry[];

  @Field(() => String, { nullable: true, description: 'Who launched it; null where nobody was asked.' })
  createdBy!: string | null;

  @Field(() => DateTime, { description: 'When it was launched.' })
  createdAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When its first step began.' })
  startedAt!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it ended.' })
  endedAt!: string | null;

  @Field(() => Boolean, { description: 'Whether every step was found done.' })
  reused!: boolean;
}

@ObjectType({ simpleResolvers: true, description: 'The network as it was registered.' })
export class ReportModel {
  @Field(() => ID, { nullable: true, description: 'The model’s id; null where it was deleted.' })
  id!: string | null;

  @Field(() => String, { description: 'Its name.' })
  name!: string;

  @Field(() => String, { description: 'Digest of its file.' })
  sha256!: string;

  @Field(() => SafeInt, { description: 'Bytes of its file.' })
  bytes!: number;

  @Field(() => String, { nullable: true, description: 'The task that it was trained for, if a person said so.' })
  primaryTask!: string | null;

  @Field(() => String, { nullable: true, description: 'License, as the file names it.' })
  license!: string | null;

  @Field(() => String, { nullable: true, description: 'Author, as the file names it.' })
  author!: string | null;

  @Field(() => [ReportEntry], { description: 'What else the file says of itself.' })
  metadata!: readonly ReportEntry[];
}

@ObjectType({ simpleResolvers: true, description: 'The labelled images.' })
export class ReportDataset {
  @Field(() => ID, { nullable: true, description: 'The data set’s id; null where it was deleted.' })
  id!: string | null;

  @Field(() => String, { description: 'Its name.' })
  name!: string;

  @Field(() => String, { description: 'Digest of its archive.' })
  sha256!: string;

  @Field(() => SafeInt, { description: 'How many images it has.' })
  images!: number;

  @Field(() => String, { nullable: true, description: 'Column whose value keeps images together when it is split.' })
  subject!: string | null;

  @Field(() => [String], { description: 'What was guessed or left out when it was read.' })
  notes!: readonly string[];
}

@ObjectType({ simpleResolvers: true, description: 'A task that the network is for.' })
export class ReportTask {
  @Field(() => String, { description: 'Its name.' })
  name!: string;

  @Field(() => TaskType, { description: 'What kind of label it has.' })
  type!: string;

  @Field(() => [String], { description: 'Its columns of the network’s output.' })
  targets!: readonly string[];

  @Field(() => [String], {
    nullable: true,
    description: 'Classes, labels or bins in the order of their ids; null for values.',
  })
  classes!: readonly string[] | null;

  @Field(() => String, { nullable: true, description: 'Unit of values and of what is binned.' })
  unit!: string | null;

  @Field(() => [[Float]], {
    nullable: true,
    description: 'Inner edges of an ordered task, for each target; else null.',
  })
  bins!: readonly (readonly number[])[] | null;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'How images were divided: weights are fitted on training, all is chosen on validation, test is judged once.',
})
export class ReportSplit {
  @Field(() => String, { description: '"image", or the column whose values were kept together.' })
  by!: string;

  @Field(() => SafeInt, { description: 'Seed of the partition.' })
  seed!: number;

  @Field(() => Int, { description: 'Training images.' })
  train!: number;

  @Field(() => Int, { description: 'Validation images.' })
  validation!: number;

  @Field(() => Int, { description: 'Test images.' })
  test!: number;

  @Field(() => String, { nullable: true, description: 'Where it comes from when the data set has its own.' })
  given!: string | null;

  @Field(() => Boolean, { description: 'Whether the curves of all tasks were computed on it.' })
  shared!: boolean;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Where more is to be had; null where the server does not know how it is reached.',
})
export class ReportLinks {
  @Field(() => String, { nullable: true, description: 'Where GraphQL is asked.' })
  graphql!: string | null;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'All that came of one run, and what it needs to be understood and done again. Once made it stays as it is.',
})
export class Report {
  @Field(() => String, { description: 'Of its shape: the first number changes with what breaks a reader.' })
  schemaVersion!: string;

  @Field(() => String, { description: 'Version of Kneepoint that wrote it.' })
  kneepoint!: string;

  @Field(() => DateTime, { description: 'When the run ended.' })
  createdAt!: string;

  @Field(() => ReportRun, { description: 'The run.' })
  run!: ReportRun;

  @Field(() => String, {
    nullable: true,
    description: 'The command that does it again; null where only the API can ask for it.',
  })
  command!: string | null;

  @Field(() => ReportModel, { description: 'The network as it was registered.' })
  model!: ReportModel;

  @Field(() => ReportDataset, { description: 'The labelled images.' })
  dataset!: ReportDataset;

  @Field(() => Json, { description: 'How an image becomes the network’s input.' })
  preprocess!: object;

  @Field(() => [ReportTask], { description: 'In the order of the network’s outputs.' })
  tasks!: readonly ReportTask[];

  @Field(() => ReportSplit, { description: 'How images were divided.' })
  split!: ReportSplit;

  @Field(() => [ReportResult], { description: 'One for each ε, target or goal.' })
  results!: readonly ReportResult[];

  @Field(() => ReportLinks, { description: 'Where more is to be had.' })
  links!: ReportLinks;

  @Field(() => Artifact, {
    description: 'The same as one JSON document, whose schema comes with the server’s version.',
  })
  file!: Artifact;
}

@Resolver(() => Run)
export class ReportResolver {
  @FieldResolver(() => Report, {
    nullable: true,
    description:
      'Null until a PRUNE or COMPRESSION run has succeeded, for other runs, and for results of earlier versions.',
  })
  report(@Root() run: Run, @Ctx() context: Context): Promise<Report | null> {
    return reportOfRun(context, run);
  }
}
