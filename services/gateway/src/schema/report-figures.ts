import { Field, Float, Int, ObjectType } from 'type-graphql';
import { MetricName } from './metric.ts';
import { Criterion, TargetKind } from './plan-options.ts';
import { ReportTaskRole } from './report-enums.ts';
import { SafeInt } from './scalars.ts';

@ObjectType({
  simpleResolvers: true,
  description: 'Milliseconds for one image, over 30 runs in turn with the other networks.',
})
export class ReportLatency {
  @Field(() => Float, { description: 'Half of the runs took no longer.' })
  p50!: number;

  @Field(() => Float, { description: 'Of 20 runs 19 took no longer; on a busy machine this says more of the machine.' })
  p95!: number;
}

@ObjectType({ simpleResolvers: true, description: 'Size and speed of one network.' })
export class ReportFigures {
  @Field(() => SafeInt, { description: 'Learned parameters.' })
  parameters!: number;

  @Field(() => SafeInt, { description: 'Multiply-accumulates for one image.' })
  macs!: number;

  @Field(() => SafeInt, { description: 'Bytes of the file.' })
  bytes!: number;

  @Field(() => ReportLatency, { description: 'Milliseconds for one image on the machine that measured.' })
  latencyMs!: ReportLatency;
}

@ObjectType({
  simpleResolvers: true,
  description: 'One metric at the stages of a compression, on the same test images.',
})
export class ReportStages {
  @Field(() => String, { nullable: true, description: 'The task; null for the score of several.' })
  task?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Test images that carry a label of the task; null for the score of several.',
  })
  images?: number | null;

  @Field(() => MetricName, { description: 'What is measured.' })
  name!: string;

  @Field(() => Boolean, { description: 'Whether more of it is better.' })
  higherIsBetter!: boolean;

  @Field(() => Float, { description: 'What a constant prediction gives.' })
  chance!: number;

  @Field(() => Float, { description: 'A linear probe on the best layer of the untouched network.' })
  probe!: number;

  @Field(() => Float, { description: 'The network as it was cut.' })
  pruned!: number;

  @Field(() => Float, { description: 'With what was removed made up for by least squares.' })
  healed!: number;

  @Field(() => Float, { description: 'With its head fitted again in closed form.' })
  refit!: number;

  @Field(() => Float, { nullable: true, description: 'Trained on; null where it was not.' })
  finetuned?: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'How small the network was to become: one of remove and atMost.' })
export class ReportSizeTarget {
  @Field(() => TargetKind, { description: 'What was to become less.' })
  kind!: string;

  @Field(() => Float, { nullable: true, description: 'Share of the whole network that was to go.' })
  remove?: number | null;

  @Field(() => Float, { nullable: true, description: 'What might be left; milliseconds for LATENCY.' })
  atMost?: number | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'What the search for a latency found, in milliseconds of that moment.',
})
export class ReportLatencySearch {
  @Field(() => Float, { description: 'The chosen network by the table of its layers’ times.' })
  forecast!: number;

  @Field(() => Float, { description: 'The chosen network as it was measured then.' })
  measured!: number;

  @Field(() => Int, { description: 'How many whole networks were timed.' })
  networks!: number;
}

@ObjectType({
  simpleResolvers: true,
  description: 'What was asked of the size, and what came of it; milliseconds for LATENCY.',
})
export class ReportTarget {
  @Field(() => ReportSizeTarget, { description: 'As it was asked for.' })
  target!: ReportSizeTarget;

  @Field(() => Float, { description: 'The same as a figure.' })
  atMost!: number;

  @Field(() => Float, { description: 'The whole network.' })
  before!: number;

  @Field(() => Float, { description: 'What the plan said.' })
  planned!: number;

  @Field(() => Float, { description: 'What the delivered network has.' })
  reached!: number;

  @Field(() => ReportLatencySearch, {
    nullable: true,
    description: 'How a latency was searched for; null where none was.',
  })
  search?: ReportLatencySearch | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'What the network was to keep of the whole one: one of share and within.',
})
export class ReportKeepGoal {
  @Field(() => Float, {
    nullable: true,
    description: 'Share of the metric; an error may grow to the reference divided by it.',
  })
  share?: number | null;

  @Field(() => Float, { nullable: true, description: 'How much worse it might be, in the unit of the metric.' })
  within?: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'A figure on validation and on test.' })
export class ReportTwoParts {
  @Field(() => Float, { description: 'On validation.' })
  validation!: number;

  @Field(() => Float, { description: 'On test.' })
  test!: number;
}

@ObjectType({ simpleResolvers: true, description: 'What became of a goal for one task.' })
export class ReportKeptTask extends ReportTwoParts {
  @Field(() => String, { description: 'The task.' })
  task!: string;

  @Field(() => ReportTwoParts, { description: 'The whole network finetuned.' })
  whole!: ReportTwoParts;

  @Field(() => Float, { description: 'The worst value on validation that meets the goal.' })
  bound!: number;
}

@ObjectType({ simpleResolvers: true, description: 'A goal that was searched on validation, and what came of it.' })
export class ReportKeep {
  @Field(() => ReportKeepGoal, { description: 'As it was asked for.' })
  goal!: ReportKeepGoal;

  @Field(() => Boolean, { description: 'Whether the delivered network meets it.' })
  met!: boolean;

  @Field(() => [ReportKeptTask], { description: 'Task by task.' })
  tasks!: readonly ReportKeptTask[];
}

@ObjectType({
  simpleResolvers: true,
  description: 'The network cut by one criterion, at the same multiply-accumulates.',
})
export class ReportCriterion {
  @Field(() => Criterion, { description: 'By what filters were ranked.' })
  criterion!: string;

  @Field(() => SafeInt, { description: 'Learned parameters that are left.' })
  parameters!: number;

  @Field(() => SafeInt, { description: 'Multiply-accumulates that are left.' })
  macs!: number;

  @Field(() => Float, { description: 'Metric on test with the head fitted again.' })
  refit!: number;

  @Field(() => Float, { nullable: true, description: 'Metric on test trained on; null where nothing was.' })
  finetuned?: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'How well a linear probe reads a task before the cut and after it.' })
export class ReportReadability {
  @Field(() => String, { description: 'The task.' })
  task!: string;

  @Field(() => ReportTaskRole, { description: 'Whether the network was to carry it.' })
  role!: string;

  @Field(() => Int, { description: 'Test images that carry a label of it.' })
  images!: number;

  @Field(() => MetricName, { description: 'What is measured.' })
  name!: string;

  @Field(() => Boolean, { description: 'Whether more of it is better.' })
  higherIsBetter!: boolean;

  @Field(() => Float, { description: 'What a constant prediction gives.' })
  chance!: number;

  @Field(() => Float, { description: 'On the untouched network.' })
  before!: number;

  @Field(() => Float, { description: 'On what the pruned network’s head reads.' })
  after!: number;
}

@ObjectType({ simpleResolvers: true, description: 'What can still be read where tasks were to be avoided.' })
export class ReportAvoidance {
  @Field(() => String, { description: 'What images were kept together by, or "image".' })
  by!: string;

  @Field(() => [ReportReadability], { description: 'Wanted and avoided tasks.' })
  tasks!: readonly ReportReadability[];
}
