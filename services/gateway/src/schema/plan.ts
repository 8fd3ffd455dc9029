import { Arg, Ctx, Field, Float, ID, InputType, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { compressionPlan } from '../domain/plans.ts';
import { SafeInt } from './scalars.ts';

@InputType({ description: 'An ε of its own for one layer.' })
export class LayerEpsilon {
  @Field(() => String)
  layer!: string;

  @Field(() => Float)
  epsilon!: number;
}

@InputType()
export class CompressionPlanInput {
  @Field(() => ID)
  model!: string;

  @Field(() => ID)
  dataset!: string;

  @Field(() => String)
  task!: string;

  @Field(() => Float, { description: 'Between 0 and 1; 0.01 is a good first choice.' })
  epsilon!: number;

  @Field(() => [LayerEpsilon], { nullable: true })
  layerEpsilon?: LayerEpsilon[];

  @Field(() => String, {
    nullable: true,
    description: 'The layer that the head reads; the best on validation when absent.',
  })
  layer?: string;

  @Field(() => Int, { nullable: true })
  minFilters?: number;
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
}

@ObjectType({ description: 'What pruning would give, computed without touching a weight.' })
export class CompressionPlan {
  @Field(() => String)
  bestLayer!: string;

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
