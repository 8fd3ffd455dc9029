import { Arg, Ctx, Field, Float, ID, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { filterResponses } from '../domain/filter-responses.ts';
import { Artifact } from './artifact.ts';
import { SafeInt } from './scalars.ts';

@ObjectType({ simpleResolvers: true, description: 'What a filter answers to images whose labels are alike.' })
export class ResponseBin {
  @Field(() => String, { description: 'The class, label or bin of the task; of values their bounds, as "3 to 7.5".' })
  name!: string;

  @Field(() => Float, {
    nullable: true,
    description: "Smallest label in it, in the task's unit; null where labels are classes.",
  })
  from!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "Largest label in it, in the task's unit; null where labels are classes.",
  })
  to!: number | null;

  @Field(() => Int, { description: 'Images in it.' })
  images!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      'Mean response: the mean over all positions of the map, and over the images; null where there are none.',
  })
  mean!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Standard error of the mean, images taken as independent of each other; null for fewer than two.',
  })
  standardError!: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'An image, and what a filter answers to it.' })
export class RespondingImage {
  @Field(() => Int, { description: 'Its place in the data set, from 0.' })
  index!: number;

  @Field(() => String, { description: 'Its path in what was imported.' })
  name!: string;

  @Field(() => String, { description: 'The usual ending of its format, such as "jpeg".' })
  format!: string;

  @Field(() => SafeInt, { description: "Where its file begins in the data set's archive, in bytes." })
  start!: number;

  @Field(() => SafeInt, { description: 'Bytes of its file.' })
  bytes!: number;

  @Field(() => Float, { description: "Mean of the filter's map." })
  response!: number;

  @Field(() => String, { nullable: true, description: 'Its label for the task, in words; null where it has none.' })
  label!: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'How far the responses of a filter follow the labels of a task.' })
export class TellingFilter {
  @Field(() => Int, { description: 'Its index, from 0.' })
  filter!: number;

  @Field(() => Float, { description: 'Share of its variance that lies between the bins of labels, 0 to 1 (η²).' })
  explained!: number;
}

@ObjectType({
  simpleResolvers: true,
  description: "What one filter answers to the labels of a task: the paper's Fig. 2, and the images behind it.",
})
export class FilterResponses {
  @Field(() => String, { description: 'Name of the layer.' })
  layer!: string;

  @Field(() => String, { description: 'Name of the task.' })
  task!: string;

  @Field(() => Int, { description: 'Index of the filter, from 0.' })
  filter!: number;

  @Field(() => Int, { description: 'Filters that the layer has.' })
  filters!: number;

  @Field(() => Int, { description: 'Images of the data set.' })
  images!: number;

  @Field(() => Int, {
    description: 'Images whose responses were read: all, or shards taken evenly from all of a large data set.',
  })
  imagesRead!: number;

  @Field(() => Float, {
    description:
      "Share of the filter's variance that lies between the bins of labels, 0 to 1 (η²); where an image can be in several, the largest of any of them against the rest.",
  })
  explained!: number;

  @Field(() => [ResponseBin], { description: 'In the order of the labels.' })
  bins!: readonly ResponseBin[];

  @Field(() => [RespondingImage], { description: 'Images that it answers to most, from the most on.' })
  most!: readonly RespondingImage[];

  @Field(() => [RespondingImage], { description: 'Images that it answers to least, from the least on.' })
  least!: readonly RespondingImage[];

  @Field(() => [TellingFilter], {
    description: 'Up to 20 filters of the layer whose responses follow the labels most, from the most on.',
  })
  telling!: readonly TellingFilter[];

  @Field(() => Artifact, { description: "The data set's archive, a tar in which the files of its images lie." })
  archive!: Artifact;
}

@Resolver()
export class FilterResponsesResolver {
  @Query(() => FilterResponses, {
    description:
      'What a filter answers to images by their labels, from the responses that an analysis left; no image is seen again.',
  })
  filterResponses(
    @Ctx() context: Context,
    @Arg('model', () => ID, { description: 'Id of the network.' }) model: string,
    @Arg('dataset', () => ID, { description: 'Id of the data set.' }) dataset: string,
    @Arg('layer', () => String, { description: 'Name of the layer.' }) layer: string,
    @Arg('task', () => String, { description: 'Name of the task.' }) task: string,
    @Arg('filter', () => Int, {
      nullable: true,
      description: 'Index of the filter, from 0; the one whose responses follow the labels most when absent.',
    })
    filter: number | null = null,
    @Arg('bins', () => Int, {
      defaultValue: 10,
      description: 'Bins of values, with as many images in each as there can be, 2 to 50. Classes are bins already.',
    })
    bins: number = 10,
    @Arg('images', () => Int, {
      defaultValue: 8,
      description: 'Most responsive images that are named at most, and as many least responsive ones: 0 to 12.',
    })
    images: number = 8,
  ): Promise<FilterResponses> {
    return filterResponses(context, { model, dataset, layer, task, filter, bins, images });
  }
}
