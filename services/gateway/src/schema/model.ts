import { Arg, Ctx, Field, ID, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { localId } from '../domain/ids.ts';
import { findModel, listModels } from '../domain/models.ts';
import type { Page } from '../domain/pages.ts';
import { Artifact } from './artifact.ts';
import { Node } from './node.ts';
import { connectionOf } from './page-info.ts';
import { DateTime, Json, SafeInt } from './scalars.ts';

@ObjectType({ description: 'A convolution or matrix layer of a model.' })
export class Layer {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  op!: string;

  @Field(() => Int)
  filters!: number;

  @Field(() => Boolean)
  prunable!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Why it cannot be pruned: the node and the operator that freeze it.',
  })
  reason!: string | null;

  @Field(() => SafeInt)
  parameters!: number;

  @Field(() => SafeInt, { description: 'Multiply-accumulates for one image.' })
  macs!: number;
}

@ObjectType({
  description: 'Where responses are read: after convolution, normalisation and activation, before pooling.',
})
export class Tap {
  @Field(() => String)
  layer!: string;

  @Field(() => String)
  value!: string;

  @Field(() => Int)
  channels!: number;
}

@ObjectType({ implements: Node, description: 'An imported ONNX network.' })
export class Model extends Node {
  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true, description: 'The task that the network was trained for, if it was said.' })
  primaryTask!: string | null;

  @Field(() => SafeInt)
  parameters!: number;

  @Field(() => SafeInt, { description: 'Multiply-accumulates for one image.' })
  macs!: number;

  @Field(() => Json, { description: 'How pixels become the input: channels, range, mean, std.' })
  preprocess!: object;

  @Field(() => [Layer])
  layers!: readonly Layer[];

  @Field(() => [Tap])
  taps!: readonly Tap[];

  @Field(() => [String])
  notes!: readonly string[];

  @Field(() => Artifact)
  artifact!: Artifact;

  @Field(() => DateTime)
  createdAt!: Date;
}

const ModelConnection = connectionOf('Model', () => Model);

@Resolver(() => Model)
export class ModelResolver {
  @Query(() => Model, { nullable: true })
  model(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<Model | null> {
    return findModel(context, localId('Model', id));
  }

  @Query(() => ModelConnection)
  models(
    @Ctx() context: Context,
    @Arg('first', () => Int) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
  ): Promise<Page<Model>> {
    return listModels(context, { first, after });
  }
}
