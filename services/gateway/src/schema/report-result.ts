import { Field, Float, Int, ObjectType } from 'type-graphql';
import { Criterion, Decision } from './plan-options.ts';
import { ReportPerClass } from './report-answers.ts';
import { ReportArm, ReportDelivered, ReportOriginal, ReportQuantisation, ReportRound } from './report-arms.ts';
import { ReportDamage, ReportReference, ReportWidths } from './report-enums.ts';
import {
  ReportAvoidance,
  ReportCriterion,
  ReportFigures,
  ReportKeep,
  ReportStages,
  ReportTarget,
} from './report-figures.ts';
import { ReportLayer, ReportLayerTimes, ReportProof } from './report-layers.ts';
import { DateTime, SafeInt } from './scalars.ts';

@ObjectType({ simpleResolvers: true, description: 'What times depend on beside the network.' })
export class ReportMachine {
  @Field(() => String, { description: 'The processor’s name.' })
  cpu!: string;

  @Field(() => Int, { description: 'Cores that the process might use.' })
  cores!: number;

  @Field(() => SafeInt, { description: 'Memory of the machine, in bytes.' })
  memoryBytes!: number;

  @Field(() => String, { description: 'System and architecture, such as "linux x64".' })
  platform!: string;

  @Field(() => String, { description: 'Version of Node.js.' })
  node!: string;

  @Field(() => String, { description: 'Version of ONNX Runtime.' })
  onnxruntime!: string;
}

@ObjectType({ simpleResolvers: true, description: 'Where figures come from.' })
export class ReportMeasurement {
  @Field(() => String, { description: 'Id of the run that measured, which may have been another one.' })
  run!: string;

  @Field(() => DateTime, { description: 'When it did.' })
  at!: string;

  @Field(() => String, { description: 'Execution provider on which networks ran and were timed.' })
  provider!: string;

  @Field(() => ReportMachine, { description: 'The machine that did.' })
  machine!: ReportMachine;
}

@ObjectType({ simpleResolvers: true, description: 'One smaller network, with all that it is compared with.' })
export class ReportResult {
  @Field(() => String, { description: 'Tells it apart from others of the run, such as "0.01" or "macs-60pct".' })
  label!: string;

  @Field(() => String, { description: 'What came of it, in one sentence made of the figures below.' })
  verdict!: string;

  @Field(() => String, { description: 'Name of the task; of several, joined by "+".' })
  task!: string;

  @Field(() => Float, { nullable: true, description: 'Null where a target or a goal decided.' })
  epsilon!: number | null;

  @Field(() => ReportTarget, { nullable: true, description: 'Null where none was asked for.' })
  target!: ReportTarget | null;

  @Field(() => ReportKeep, { nullable: true, description: 'Null where no goal was searched.' })
  keep!: ReportKeep | null;

  @Field(() => Criterion, { description: 'By what filters were ranked.' })
  criterion!: string;

  @Field(() => Decision, { description: 'What became of channels that several layers share.' })
  decide!: string;

  @Field(() => ReportWidths, {
    nullable: true,
    description: 'What decided how many filters a layer keeps; null for an ε.',
  })
  widths!: string | null;

  @Field(() => ReportDamage, {
    nullable: true,
    description: 'What damage was judged by; null where none was measured.',
  })
  damageBy!: string | null;

  @Field(() => String, { description: 'The layer that the head reads.' })
  bestLayer!: string;

  @Field(() => Int, { description: 'How it reads it: 1 for the mean over all positions, 2 for a 2 × 2 grid.' })
  pool!: number;

  @Field(() => ReportStages, { description: 'The task’s metric at all stages; of several tasks their score.' })
  metric!: ReportStages;

  @Field(() => [ReportStages], { description: 'The same, task by task.' })
  tasks!: readonly ReportStages[];

  @Field(() => ReportFigures, { description: 'Size and speed of the whole network.' })
  before!: ReportFigures;

  @Field(() => ReportFigures, { description: 'Size and speed of the network that is delivered.' })
  after!: ReportFigures;

  @Field(() => ReportDelivered, { description: 'The network that is delivered.' })
  delivered!: ReportDelivered;

  @Field(() => ReportOriginal, { description: 'The untouched network.' })
  original!: ReportOriginal;

  @Field(() => ReportReference, { description: 'What "before" is in `verdict` and `perClass`.' })
  reference!: string;

  @Field(() => [ReportArm], { description: 'Networks side by side: REFIT first, then what was trained.' })
  arms!: readonly ReportArm[];

  @Field(() => [ReportPerClass], { description: 'What the figures are made of, before and after, task by task.' })
  perClass!: readonly ReportPerClass[];

  @Field(() => [ReportRound], { description: 'Cuts on the way to this network; empty where it was cut once.' })
  rounds!: readonly ReportRound[];

  @Field(() => [ReportCriterion], {
    description: 'The same cut by other criteria, its own first; empty where not asked for.',
  })
  criteria!: readonly ReportCriterion[];

  @Field(() => ReportQuantisation, { nullable: true, description: 'Null where it was not turned into whole numbers.' })
  quantisation?: ReportQuantisation | null;

  @Field(() => [ReportLayer], { description: 'Layer by layer.' })
  layers!: readonly ReportLayer[];

  @Field(() => ReportLayerTimes, {
    nullable: true,
    description:
      'Where the time goes before and after; null where a GPU does the work, of a PRUNE run, and of older measurements.',
  })
  layerTimes?: ReportLayerTimes | null;

  @Field(() => ReportProof, { description: 'Evidence that the cut is right.' })
  proof!: ReportProof;

  @Field(() => ReportAvoidance, { nullable: true, description: 'Null where no task was to be avoided.' })
  avoidance!: ReportAvoidance | null;

  @Field(() => [String], {
    nullable: true,
    description:
      'Layers that keep filters where a rank was wanted, since rotated they did not answer the same; null for none.',
  })
  unrotated?: readonly string[] | null;

  @Field(() => [String], {
    nullable: true,
    description:
      'What is clearly wrong with what the network is fed, as far as its own statistics tell; null for nothing.',
  })
  fed?: readonly string[] | null;

  @Field(() => [String], { description: 'What a reader would otherwise find out too late.' })
  warnings!: readonly string[];

  @Field(() => ReportMeasurement, { description: 'When, where and by which run it was measured.' })
  measured!: ReportMeasurement;
}
