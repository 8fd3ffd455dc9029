import { Field, Float, Int, ObjectType } from 'type-graphql';

@ObjectType({ simpleResolvers: true, description: 'How answers of one class came out.' })
export class ReportClassFigures {
  @Field(() => Float, {
    nullable: true,
    description: 'Share of the images answered so that are so; null where none was answered so.',
  })
  precision!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Share of the images that are so that were answered so; null where none is so.',
  })
  recall!: number | null;

  @Field(() => Float, { nullable: true, description: 'Harmonic mean of the two; null where there is neither.' })
  f1!: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'One class, bin or label, on test.' })
export class ReportClass {
  @Field(() => String, { description: 'As the data set names it; bounds for bins without a name.' })
  name!: string;

  @Field(() => Int, { description: 'Test images that are of it.' })
  images!: number;

  @Field(() => ReportClassFigures, { description: 'Before; see `reference` of the result.' })
  before!: ReportClassFigures;

  @Field(() => ReportClassFigures, { description: 'In the network that is delivered.' })
  after!: ReportClassFigures;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Test images by true class (outer list) and answered class (inner list).',
})
export class ReportConfusion {
  @Field(() => [[Int]], { description: 'Before; see `reference` of the result.' })
  before!: readonly (readonly number[])[];

  @Field(() => [[Int]], { description: 'In the network that is delivered.' })
  after!: readonly (readonly number[])[];
}

@ObjectType({ simpleResolvers: true, description: 'Errors of values, answer − truth.' })
export class ReportErrors {
  @Field(() => Float, { description: 'Their mean: above 0 where values are guessed too high.' })
  mean!: number;

  @Field(() => Float, { description: 'Their standard deviation.' })
  spread!: number;
}

@ObjectType({ simpleResolvers: true, description: 'Errors of values whose truth lies between two bounds, on test.' })
export class ReportResiduals {
  @Field(() => Float, { description: 'Smallest truth in it.' })
  from!: number;

  @Field(() => Float, { description: 'Largest truth in it.' })
  to!: number;

  @Field(() => Int, { description: 'Test images in it.' })
  images!: number;

  @Field(() => ReportErrors, { description: 'Before; see `reference` of the result.' })
  before!: ReportErrors;

  @Field(() => ReportErrors, { description: 'In the network that is delivered.' })
  after!: ReportErrors;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'A test image, and what is said of it: its class, the labels that hold, or a value; values are written out as text.',
})
export class ReportChangedImage {
  @Field(() => String, { description: 'Its name in the data set.' })
  image!: string;

  @Field(() => [String], { description: 'What it is.' })
  truth!: readonly (string | number)[];

  @Field(() => [String], { description: 'What was answered before; see `reference` of the result.' })
  before!: readonly (string | number)[];

  @Field(() => [String], { description: 'What the network that is delivered answers.' })
  after!: readonly (string | number)[];
}

@ObjectType({ simpleResolvers: true, description: 'Test images that are answered otherwise than before.' })
export class ReportChanges {
  @Field(() => Int, { description: 'Test images that were compared: all, or 1000 evenly over them.' })
  compared!: number;

  @Field(() => Int, { description: 'Of these, those that are answered otherwise; values are never quite the same.' })
  changed!: number;

  @Field(() => Int, { nullable: true, description: 'Right before and wrong after; null for values.' })
  spoiled!: number | null;

  @Field(() => Int, { nullable: true, description: 'Wrong before and right after; null for values.' })
  mended!: number | null;

  @Field(() => [ReportChangedImage], {
    description:
      'At most 100 of those that changed: first those that are spoiled, then those that are mended; of values those that moved most.',
  })
  images!: readonly ReportChangedImage[];
}

@ObjectType({ simpleResolvers: true, description: 'What the one figure of a task is made of.' })
export class ReportPerClass {
  @Field(() => String, { description: 'The task.' })
  task!: string;

  @Field(() => [ReportClass], { description: 'Classes, bins or labels in their order; empty for values.' })
  classes!: readonly ReportClass[];

  @Field(() => ReportConfusion, {
    nullable: true,
    description: 'Which class was taken for which; null for labels, for values and for more than 100 classes.',
  })
  confusion!: ReportConfusion | null;

  @Field(() => [ReportResiduals], { description: 'Errors along the truth, in up to ten bins; empty for classes.' })
  residuals!: readonly ReportResiduals[];

  @Field(() => ReportChanges, {
    nullable: true,
    description: 'Image by image; null of what was measured before answers were kept.',
  })
  changes!: ReportChanges | null;
}
