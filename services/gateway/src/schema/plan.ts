import type { HeadPool } from '@kneepoint/pruning';
import { Arg, Ctx, Field, Float, ID, InputType, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { compressionPlan } from '../domain/plans.ts';
import { PlanInput, TargetInput } from './plan-options.ts';
import { SafeInt } from './scalars.ts';

@InputType({ description: 'Which cut to plan.' })
export class CompressionPlanInput {
  @Field(() => ID)
  model!: string;

  @Field(() => ID)
  dataset!: string;

  @Field(() => PlanInput, { description: 'What the network is for and what it keeps.' })
  plan!: PlanInput;

  @Field(() => Float, {
    nullable: true,
    description: 'Between 0 and 1; 0.01 is a good first choice. Exactly one of epsilon and target.',
  })
  epsilon?: number;

  @Field(() => TargetInput, { nullable: true })
  target?: TargetInput;
}

@ObjectType()
export class NetworkSize {
  @Field(() => SafeInt)
  parameters!: number;

  @Field(() => SafeInt)
  macs!: number;

  @Field(() => SafeInt, { description: 'Bytes of weights.' })
  bytes!: number;
}

@ObjectType({ description: 'What keeps a layer from being pruned.' })
export class FrozenBy {
  @Field(() => String, { description: 'Name of the node in the way.' })
  node!: string;

  @Field(() => String)
  operator!: string;

  @Field(() => String)
  reason!: string;
}

@ObjectType()
export class PlanLayer {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  op!: string;

  @Field(() => Int)
  filters!: number;

  @Field(() => Int)
  kept!: number;

  @Field(() => [Int])
  indices!: readonly number[];

  @Field(() => Float, { nullable: true })
  lambda!: number | null;

  @Field(() => Boolean)
  prunable!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Why it cannot be pruned: the node and the operator that freeze it.',
  })
  reason!: string | null;

  @Field(() => FrozenBy, { nullable: true })
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

  @Field(() => NetworkSize)
  before!: NetworkSize;

  @Field(() => NetworkSize)
  after!: NetworkSize;

  @Field(() => [PlanLayer])
  layers!: readonly PlanLayer[];
}

@Resolver()
export class PlanResolver {
  @Query(() => CompressionPlan)
  compressionPlan(
    @Ctx() context: Context,
    @Arg('input', () => CompressionPlanInput) input: CompressionPlanInput,
  ): Promise<CompressionPlan> {
    return compressionPlan(context, input);
  }
}
