import { Field, Float, Int, ObjectType } from 'type-graphql';
import { LayerTime } from './benchmark.ts';
import { FrozenBy } from './plan.ts';
import { SafeInt } from './scalars.ts';

@ObjectType({
  simpleResolvers: true,
  description:
    'What least squares made up for in a layer: shares of its variance before the cut that are missed, on validation.',
})
export class ReportHealing {
  @Field(() => Float, { description: 'With the weights that it was cut with.' })
  before!: number;

  @Field(() => Float, { description: 'With fitted weights.' })
  after!: number;

  @Field(() => Float, { nullable: true, description: 'The penalty that did best; null where the weights stayed.' })
  ridge!: number | null;

  @Field(() => String, { nullable: true, description: 'Why it was healed in another way, or not.' })
  note!: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'One layer before and after, in graph order.' })
export class ReportLayer {
  @Field(() => String, { description: 'Name of its node.' })
  name!: string;

  @Field(() => Int, { description: 'Filters of the registered model.' })
  filters!: number;

  @Field(() => Int, { description: 'Filters that are left.' })
  kept!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'The λ of the knee; null where no curve decided, or several did.',
  })
  lambda!: number | null;

  @Field(() => Int, { nullable: true, description: 'How many its own curves chose; null where no ε decided.' })
  chosen!: number | null;

  @Field(() => [Int], { description: 'Which filters of the registered model are left; empty where none of them is.' })
  indices!: readonly number[];

  @Field(() => SafeInt, { description: 'Learned parameters in the registered model.' })
  parametersBefore!: number;

  @Field(() => SafeInt, { description: 'Learned parameters that are left.' })
  parametersAfter!: number;

  @Field(() => SafeInt, { description: 'Multiply-accumulates in the registered model.' })
  macsBefore!: number;

  @Field(() => SafeInt, { description: 'Multiply-accumulates that are left.' })
  macsAfter!: number;

  @Field(() => String, { nullable: true, description: 'Why it cannot be pruned; null when it can.' })
  reason!: string | null;

  @Field(() => FrozenBy, { nullable: true, description: 'The node in the way; null when there is none.' })
  frozenBy!: FrozenBy | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Share of what it can lose that went with the filters; null where no damage decided.',
  })
  damage!: number | null;

  @Field(() => String, { nullable: true, description: 'What is out of the ordinary in how many it keeps.' })
  note!: string | null;

  @Field(() => ReportHealing, { nullable: true, description: 'Null where it reads nothing that was cut.' })
  healing!: ReportHealing | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'What layers take, in graph order; a layer of one network may not be in the other.',
})
export class ReportLayerTimes {
  @Field(() => [LayerTime], { description: 'In the whole network.' })
  before!: readonly LayerTime[];

  @Field(() => [LayerTime], { description: 'In the delivered one.' })
  after!: readonly LayerTime[];
}

@ObjectType({ simpleResolvers: true, description: 'A condition of the proof, and what was found.' })
export class ReportGate {
  @Field(() => Boolean, { description: 'Whether it holds.' })
  passed!: boolean;

  @Field(() => String, { description: 'What was found, in words.' })
  detail!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The conditions of the proof.' })
export class ReportGates {
  @Field(() => ReportGate, { description: 'Same answers with the model’s own weights.' })
  own!: ReportGate;

  @Field(() => ReportGate, { description: 'Same answers with fresh weights.' })
  he!: ReportGate;

  @Field(() => ReportGate, { description: 'Same answers as a session with default settings gives.' })
  default!: ReportGate;

  @Field(() => ReportGate, { description: 'The difference is small against how far the image moves the answer.' })
  dependence!: ReportGate;

  @Field(() => ReportGate, { description: 'A class of channels left out of the mask is noticed.' })
  control!: ReportGate;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Evidence that the cut network equals the masked one, and that a difference would have been noticed.',
})
export class ReportProof {
  @Field(() => Boolean, { description: 'All conditions hold.' })
  passed!: boolean;

  @Field(() => Boolean, { description: 'Nothing was found wrong, but what would be could not be told from rounding.' })
  undecided!: boolean;

  @Field(() => Float, { description: 'Largest relative difference allowed.' })
  tolerance!: number;

  @Field(() => Float, { description: 'Largest difference of an output.' })
  maxAbsDiff!: number;

  @Field(() => Float, { description: 'The same, relative to that output’s largest magnitude.' })
  maxRelDiff!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Difference divided by how far images move the answer; null when they do not.',
  })
  diffOverDependence!: number | null;

  @Field(() => [String], { description: 'What "equal" means where statistics run over channels that went.' })
  meaning!: readonly string[];

  @Field(() => ReportGates, { description: 'Condition by condition.' })
  gates!: ReportGates;
}
