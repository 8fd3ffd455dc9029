import { Field, Float, Int, ObjectType } from 'type-graphql';
import { ReportArmName, ReportScores } from './report-enums.ts';
import { ReportFigures } from './report-figures.ts';
import { SafeInt } from './scalars.ts';
import { Epoch, Interval } from './training.ts';

@ObjectType({ simpleResolvers: true, description: 'What one network gives for one task.' })
export class ReportArmTask {
  @Field(() => String, { description: 'The task.' })
  task!: string;

  @Field(() => Float, { description: 'On test.' })
  metric!: number;

  @Field(() => Float, { description: 'On validation.' })
  validation!: number;

  @Field(() => Interval, { description: 'Of `metric`.' })
  interval!: Interval;

  @Field(() => [Float], {
    description: 'What an output must reach to say yes, one for each target, for binary tasks and labels; else empty.',
  })
  thresholds!: readonly number[];
}

@ObjectType({
  simpleResolvers: true,
  description: 'What the untouched network gives through a linear probe on its best layer.',
})
export class ReportOriginal {
  @Field(() => Float, { description: 'On test.' })
  metric!: number;

  @Field(() => Float, { description: 'On validation.' })
  validation!: number;

  @Field(() => Interval, { nullable: true, description: 'Of `metric`; null for the score of several tasks.' })
  interval!: Interval | null;

  @Field(() => [ReportArmTask], { description: 'Task by task.' })
  tasks!: readonly ReportArmTask[];
}

@ObjectType({
  simpleResolvers: true,
  description: 'One network of a comparison, judged on the same test images as all others.',
})
export class ReportArm extends ReportFigures {
  @Field(() => ReportArmName, { description: 'Which network it is.' })
  arm!: string;

  @Field(() => Float, { description: 'On test.' })
  metric!: number;

  @Field(() => Float, { description: 'On validation, which chose the epoch, or the head’s penalty.' })
  validation!: number;

  @Field(() => Interval, { nullable: true, description: 'Of `metric`; null for the score of several tasks.' })
  interval!: Interval | null;

  @Field(() => [ReportArmTask], { description: 'Task by task.' })
  tasks!: readonly ReportArmTask[];

  @Field(() => String, { description: 'Digest of the network, by which it is fetched.' })
  modelSha256!: string;

  @Field(() => Int, { nullable: true, description: 'Epochs that were trained; null where none was.' })
  epochs!: number | null;

  @Field(() => Int, { nullable: true, description: 'The best of them on validation.' })
  bestEpoch!: number | null;

  @Field(() => Float, { nullable: true, description: 'Time in training and validation.' })
  seconds!: number | null;

  @Field(() => Float, { nullable: true, description: 'Images trained on in a second.' })
  imagesPerSecond!: number | null;

  @Field(() => [Epoch], { description: 'Every epoch, epoch 0 being the network before training.' })
  history!: readonly Epoch[];
}

@ObjectType({
  simpleResolvers: true,
  description: 'One cut and the training after it, on the way to the network that is delivered.',
})
export class ReportRound {
  @Field(() => SafeInt, { description: 'Learned parameters that are left.' })
  parameters!: number;

  @Field(() => SafeInt, { description: 'Multiply-accumulates that are left.' })
  macs!: number;

  @Field(() => Float, { description: 'Share of what the search is about that is left of the whole network.' })
  share!: number;

  @Field(() => Float, { description: 'Trained, on validation.' })
  validation!: number;

  @Field(() => Float, { description: 'Trained, on test.' })
  test!: number;

  @Field(() => Float, { description: 'What the training began with, on test.' })
  refit!: number;

  @Field(() => Float, {
    description: 'How much of the whole network’s metric it keeps on validation; of several tasks the least.',
  })
  kept!: number;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether it keeps what shall be kept; null where no goal was searched.',
  })
  keeps!: boolean | null;

  @Field(() => Int, { description: 'Epochs that were trained.' })
  epochs!: number;

  @Field(() => Float, { description: 'Time in training and validation.' })
  seconds!: number;

  @Field(() => String, { description: 'Digest of the network, by which it is fetched.' })
  modelSha256!: string;

  @Field(() => Boolean, { description: 'Whether it is the network that is delivered.' })
  delivered!: boolean;
}

@ObjectType({ simpleResolvers: true, description: 'What an output must reach to say yes.' })
export class ReportThresholds {
  @Field(() => String, { description: 'The task.' })
  task!: string;

  @Field(() => [Float], { description: 'One for each target of a binary task or of labels; else empty.' })
  thresholds!: readonly number[];
}

@ObjectType({ simpleResolvers: true, description: 'A layer that stays float in a network of whole numbers.' })
export class ReportFloatLayer {
  @Field(() => String, { description: 'Its name.' })
  layer!: string;

  @Field(() => String, { description: 'Why.' })
  reason!: string;

  @Field(() => Float, {
    nullable: true,
    description:
      'By how much validation falls when this layer alone is in whole numbers, as a share; null where it cannot be.',
  })
  fall!: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'Size of a file before and after.' })
export class ReportQuantisedBytes {
  @Field(() => SafeInt, { description: 'With float weights.' })
  float!: number;

  @Field(() => SafeInt, { description: 'In whole numbers.' })
  whole!: number;
}

@ObjectType({ simpleResolvers: true, description: 'How a network was turned into whole numbers, and what that did.' })
export class ReportQuantisation {
  @Field(() => [String], { description: 'Layers whose weights are whole numbers.' })
  layers!: readonly string[];

  @Field(() => [ReportFloatLayer], { description: 'Layers that stay float.' })
  left!: readonly ReportFloatLayer[];

  @Field(() => Float, {
    description: 'Share of a value’s numbers that its range leaves out at either end; 0 for none.',
  })
  clipped!: number;

  @Field(() => Int, { description: 'Images that ranges were read from.' })
  images!: number;

  @Field(() => Float, {
    description:
      'By how much validation falls, as a share: of accuracies their difference, of errors that over the error of the constant answer; of several tasks the worst.',
  })
  fall!: number;

  @Field(() => ReportQuantisedBytes, { description: 'Bytes of the file as it is worked on.' })
  bytes!: ReportQuantisedBytes;
}

@ObjectType({ simpleResolvers: true, description: 'The file that is delivered.' })
export class ReportDelivered {
  @Field(() => ReportArmName, { description: 'Which of the arms it is.' })
  arm!: string;

  @Field(() => String, { description: 'Its digest, by which it is fetched.' })
  sha256!: string;

  @Field(() => SafeInt, { description: 'Bytes of the file.' })
  bytes!: number;

  @Field(() => ReportScores, { description: 'What its outputs are for tasks of classes.' })
  scores!: string;

  @Field(() => [ReportThresholds], { description: 'Task by task, in the order of the outputs.' })
  tasks!: readonly ReportThresholds[];
}
