import { Arg, Ctx, Field, Float, ID, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { filterUse } from '../domain/filter-use.ts';

@ObjectType({ simpleResolvers: true, description: 'The filters of a layer that a task uses at its knee.' })
export class TaskFilters {
  @Field(() => String, { description: 'Name of the task.' })
  task!: string;

  @Field(() => [Int], {
    description: 'Their indices from 0, ascending; none where the layer says nothing of the task.',
  })
  kept!: readonly number[];

  @Field(() => Float, {
    description:
      "Share of the labels' variance that the layer explains at best on validation images, 0 to 1: where it is next to nothing, so is what the choice of filters says.",
  })
  explained!: number;
}

@ObjectType({ simpleResolvers: true, description: 'How far two tasks use the same filters of a layer.' })
export class FilterOverlap {
  @Field(() => String, { description: 'Name of the one task.' })
  task!: string;

  @Field(() => String, { description: 'Name of the other.' })
  other!: string;

  @Field(() => Int, { description: 'Filters that both use.' })
  shared!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Shared filters as a share of those that either uses (Jaccard), 0 to 1; null where neither uses any.',
  })
  jaccard!: number | null;

  @Field(() => Float, {
    description: 'Filters that would be shared on the mean if as many were drawn at random for each.',
  })
  byChance!: number;
}

@ObjectType({ simpleResolvers: true, description: 'Which filters of a layer which tasks use, by the lasso at an ε.' })
export class FilterUse {
  @Field(() => String, { description: 'Name of the layer.' })
  layer!: string;

  @Field(() => Int, { description: 'Filters that the layer has.' })
  filters!: number;

  @Field(() => Float, { description: 'The ε of the knees.' })
  epsilon!: number;

  @Field(() => [TaskFilters], { description: 'One for each task, in the order in which they were asked for.' })
  tasks!: readonly TaskFilters[];

  @Field(() => [FilterOverlap], { description: 'One for each pair of tasks.' })
  overlaps!: readonly FilterOverlap[];
}

@Resolver()
export class FilterUseResolver {
  @Query(() => FilterUse, {
    description: 'Which filters of a layer which tasks use, and how far they use the same. Nothing is fitted again.',
  })
  filterUse(
    @Ctx() context: Context,
    @Arg('model', () => ID, { description: 'Id of the network.' }) model: string,
    @Arg('dataset', () => ID, { description: 'Id of the data set.' }) dataset: string,
    @Arg('layer', () => String, { description: 'Name of the layer.' }) layer: string,
    @Arg('epsilon', () => Float, { description: 'Of the knees, between 0 and 1, such as 0.01.' }) epsilon: number,
    @Arg('tasks', () => [String], {
      nullable: true,
      description: 'Names of the tasks; all that were analysed when absent.',
    })
    tasks: string[] | null = null,
  ): Promise<FilterUse> {
    return filterUse(context, { model, dataset, layer, epsilon, tasks });
  }
}
