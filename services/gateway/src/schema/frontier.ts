import type { HeadPool } from '@kneepoint/pruning';
import { Arg, Ctx, Field, Float, ID, InputType, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { compressionFrontier } from '../domain/frontier.ts';
import { NetworkSize } from './plan.ts';
import { PlanInput } from './plan-options.ts';

@InputType({ description: 'Which cuts to plan: one network for the same tasks, over a range of ε.' })
export class CompressionFrontierInput {
  @Field(() => ID, { description: 'The network to cut.' })
  model!: string;

  @Field(() => ID, { description: 'The data set of its tasks.' })
  dataset!: string;

  @Field(() => PlanInput, { description: 'What the network is for and what it keeps.' })
  plan!: PlanInput;

  @Field(() => Int, { defaultValue: 41, description: 'How many ε, 2 to 200; each is so many times the one before.' })
  points!: number;

  @Field(() => Float, { defaultValue: 0.0001, description: 'The least ε.' })
  least!: number;

  @Field(() => Float, { defaultValue: 0.5, description: 'The greatest ε.' })
  most!: number;
}

@ObjectType({ description: 'A layer that can be cut, or why it cannot.' })
export class FrontierLayer {
  @Field(() => String, { description: 'Name of the layer.' })
  name!: string;

  @Field(() => Int, { description: 'How many filters it has.' })
  filters!: number;

  @Field(() => Boolean, { description: 'Whether filters can be cut from it.' })
  prunable!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Why it cannot be pruned: the node and the operator that freeze it.',
  })
  reason!: string | null;
}

@ObjectType({ description: 'The cut at one ε.' })
export class FrontierPoint {
  @Field(() => Float, { description: 'The ε.' })
  epsilon!: number;

  @Field(() => [Int], { description: 'How many filters each layer keeps, in the order of the layers.' })
  kept!: readonly number[];

  @Field(() => NetworkSize, { description: 'What the network takes then.' })
  after!: NetworkSize;
}

@ObjectType({ description: 'The plan over a range of ε.' })
export class CompressionFrontier {
  @Field(() => String, { description: 'The layer that the head reads.' })
  bestLayer!: string;

  @Field(() => Int, { description: 'How it reads it: 1 for the mean over all positions, 2 for a 2 × 2 grid.' })
  pool!: HeadPool;

  @Field(() => NetworkSize, {
    description: 'The network as it is, up to the layer that the head reads, with its head.',
  })
  before!: NetworkSize;

  @Field(() => [FrontierLayer], { description: 'Every layer that stays, in graph order.' })
  layers!: readonly FrontierLayer[];

  @Field(() => [FrontierPoint], { description: 'One for each ε, the least first.' })
  points!: readonly FrontierPoint[];
}

@Resolver()
export class FrontierResolver {
  @Query(() => CompressionFrontier, {
    description: 'What cuts over a range of ε would give, without making them; needs an analysis of the model.',
  })
  compressionFrontier(
    @Ctx() context: Context,
    @Arg('input', () => CompressionFrontierInput, { description: 'Which cuts to plan.' })
    input: CompressionFrontierInput,
  ): Promise<CompressionFrontier> {
    return compressionFrontier(context, input);
  }
}
