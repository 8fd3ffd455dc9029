import type { HeadPool } from '@kneepoint/pruning';
import { Arg, Ctx, Field, Float, ID, InputType, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { compressionPlan } from '../domain/plans.ts';
import { PlanInput, TargetInput } from './plan-options.ts';
import { SafeInt } from './scalars.ts';

@InputType({ description: 'Which cut to plan.' })
export class CompressionPlanInput {
  @Field(() => ID, { description: 'The network to cut.' })
  model!: string;

  @Field(() => ID, { description: 'The data set of its tasks.' })
  dataset!: string;

  @Field(() => PlanInput, { description: 'What the network is for and what it keeps.' })
  plan!: PlanInput;

  @Field(() => Float, {
    nullable: true,
    description: 'Between 0 and 1; 0.01 is a good first choice. Exactly one of epsilon and target.',
  })
  epsilon?: number;

  @Field(() => TargetInput, {
    nullable: true,
    description: 'How small it shall become. Exactly one of epsilon and target.',
  })
  target?: TargetInput;
}

@ObjectType({ description: 'What a network takes.' })
export class NetworkSize {
  @Field(() => SafeInt, { description: 'How many weights.' })
  parameters!: number;

  @Field(() => SafeInt, { description: 'Multiply-accumulates for one image.' })
  macs!: number;

  @Field(() => SafeInt, { description: 'Bytes of weights.' })
  bytes!: number;
}

@ObjectType({ description: 'What keeps a layer from being pruned.' })
export class FrozenBy {
  @Field(() => String, { description: 'Name of the node in the way.' })
  node!: string;

  @Field(() => String, { description: 'Its ONNX operator.' })
  operator!: string;

  @Field(() => String, { description: 'Why it is in the way, in words.' })
  reason!: string;
}

@ObjectType({ description: 'What would become of one layer.' })
export class PlanLayer {
  @Field(() => String, { description: 'Name of the layer.' })
  name!: string;

  @Field(() => String, { description: 'Its ONNX operator, such as "Conv".' })
  op!: string;

  @Field(() => Int, { description: 'How many filters it has.' })
  filters!: number;

  @Field(() => Int, { description: 'How many would stay.' })
  kept!: number;

  @Field(() => [Int], { description: 'Which would stay, from 0.' })
  indices!: readonly number[];

  @Field(() => Float, {
    nullable: true,
    description: 'Weight of the penalty at its knee; null where no curve decided.',
  })
  lambda!: number | null;

  @Field(() => Boolean, { description: 'Whether filters can be cut from it.' })
  prunable!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Why it cannot be pruned: the node and the operator that freeze it.',
  })
  reason!: string | null;

  @Field(() => FrozenBy, { nullable: true, description: 'What keeps it from being pruned; null where nothing does.' })
  frozenBy!: FrozenBy | null;

  @Field(() => String, { nullable: true, description: 'What is out of the ordinary in how many it keeps.' })
  note!: string | null;
}

@ObjectType({ description: 'What pruning would give, computed without touching a weight.' })
export class CompressionPlan {
  @Field(() => String, { description: 'The layer that the head reads.' })
  bestLayer!: string;

  @Field(() => Int, { description: 'How it reads it: 1 for the mean over all positions, 2 for a 2 × 2 grid.' })
  pool!: HeadPool;

  @Field(() => NetworkSize, {
    description: 'The network as it is, up to the layer that the head reads, with its head.',
  })
  before!: NetworkSize;

  @Field(() => NetworkSize, { description: 'The same after the cut.' })
  after!: NetworkSize;

  @Field(() => [PlanLayer], { description: 'Every layer that stays, in graph order.' })
  layers!: readonly PlanLayer[];
}

@Resolver()
export class PlanResolver {
  @Query(() => CompressionPlan, {
    description: 'What a cut would give, without making it; needs an analysis of the model for the tasks.',
  })
  compressionPlan(
    @Ctx() context: Context,
    @Arg('input', () => CompressionPlanInput, { description: 'Which cut to plan.' }) input: CompressionPlanInput,
  ): Promise<CompressionPlan> {
    return compressionPlan(context, input);
  }
}
