import { Arg, Ctx, Field, Float, ID, ObjectType, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { relationships } from '../domain/relationships.ts';
import { MetricName } from './metric.ts';
import { Model } from './model.ts';
import { Interval } from './training.ts';

@ObjectType({ simpleResolvers: true, description: "How well a linear probe on one network's responses does one task." })
export class Cell {
  @Field(() => String, { description: 'Name of the task.' })
  task!: string;

  @Field(() => String, { description: 'The layer whose responses were read.' })
  layer!: string;

  @Field(() => MetricName, { description: 'What the figures measure.' })
  metric!: string;

  @Field(() => Boolean, { description: 'Whether a greater figure is the better one.' })
  higherIsBetter!: boolean;

  @Field(() => Float, { description: 'Mean over the trials, on test images.' })
  value!: number;

  @Field(() => Float, { description: 'Standard deviation over the trials.' })
  spread!: number;

  @Field(() => Float, { description: 'What a constant prediction gives.' })
  chance!: number;

  @Field(() => Float, {
    description:
      "Share of the labels' variance that is explained on test images, mean over the trials and the task's targets: 0 for the mean of the training labels, below it where it is worse.",
  })
  r2!: number;

  @Field(() => Interval, {
    nullable: true,
    description: "Bootstrap interval of the first trial's figure; subjects are drawn whole.",
  })
  interval!: Interval | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'LogME (You et al. 2021) of the training responses: log evidence by image. Compares networks and layers for one task; null for layers of more than 1024 filters.',
  })
  logMe!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'H-score (Bao et al. 2019) of the training responses: for classes tr(Σ⁻¹ Σ_B), for everything else the squared multiple correlation, mean of the targets.',
  })
  hScore!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      "Percentage lost against the network trained for this task (the column's diagonal); null when no such network is asked for.",
  })
  reductionPercent!: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'How well one network does every task.' })
export class RelationshipRow {
  @Field(() => Model, { description: 'The network of the row.' })
  model!: Model;

  @Field(() => [Cell], {
    nullable: 'items',
    description: 'One for each task, null where the model was not analysed for it.',
  })
  cells!: (Cell | null)[];
}

@ObjectType({
  simpleResolvers: true,
  description: 'Rows are networks, columns are tasks. Directed: it is never made symmetric.',
})
export class TaskRelationships {
  @Field(() => [String], { description: 'Names of the columns.' })
  tasks!: string[];

  @Field(() => [RelationshipRow], { description: 'One for each model that was asked for, in that order.' })
  rows!: RelationshipRow[];
}

@Resolver()
export class RelationshipResolver {
  @Query(() => TaskRelationships, {
    description: 'How well each of several networks does each task, by a linear probe on its responses.',
  })
  taskRelationships(
    @Ctx() context: Context,
    @Arg('models', () => [ID], { description: 'Ids of the networks: the rows.' }) models: string[],
    @Arg('dataset', () => ID, { description: 'Id of the data set.' }) dataset: string,
    @Arg('tasks', () => [String], {
      nullable: true,
      description: 'Names of the columns; all tasks of the data set when absent.',
    })
    tasks?: string[],
    @Arg('layer', () => String, {
      defaultValue: 'BEST',
      description: 'BEST on validation, LAST, or the name of a layer.',
    })
    layer: string = 'BEST',
  ): Promise<TaskRelationships> {
    return relationships(context, { models, dataset, tasks: tasks ?? null, layer });
  }
}
