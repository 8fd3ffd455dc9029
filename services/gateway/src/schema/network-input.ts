import { Arg, Ctx, Field, ID, ObjectType, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { networkInput } from '../domain/network-input.ts';
import { Artifact } from './artifact.ts';

@ObjectType({
  simpleResolvers: true,
  description: 'An image as a network gets it: cut, resized, its channels in order.',
})
export class InputSample {
  @Field(() => String, { description: 'Path of the image in the data set.' })
  image!: string;

  @Field(() => [String], {
    description: 'What stands beside each other in the picture, from the left: its colours, then each channel.',
  })
  shows!: readonly string[];

  @Field(() => Artifact, { description: 'A PNG, with values mapped back to 0 to 255.' })
  picture!: Artifact;
}

@ObjectType({ simpleResolvers: true, description: 'What a network is fed of a data set.' })
export class NetworkInput {
  @Field(() => [String], {
    description: 'What is clearly wrong with it, as far as the network’s own statistics tell; empty for nothing.',
  })
  warnings!: readonly string[];

  @Field(() => [InputSample], { description: 'Up to three images of the first that it saw.' })
  samples!: readonly InputSample[];
}

@Resolver()
export class NetworkInputResolver {
  @Query(() => NetworkInput, {
    description: 'What a network gets of the images of a data set: of the first ones that an analysis showed it.',
  })
  networkInput(
    @Ctx() context: Context,
    @Arg('model', () => ID, { description: 'Id of the network.' }) model: string,
    @Arg('dataset', () => ID, { description: 'Id of the data set.' }) dataset: string,
  ): Promise<NetworkInput> {
    return networkInput(context, { model, dataset });
  }
}
