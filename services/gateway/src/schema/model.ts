import {
  Arg,
  Args,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import type { Context } from '../context.ts';
import { localId } from '../domain/ids.ts';
import { findModel, listModels, namesOfModel, removeModel, renameModel } from '../domain/models.ts';
import type { Page } from '../domain/pages.ts';
import { Artifact } from './artifact.ts';
import { Node } from './node.ts';
import { connectionOf, PageArgs } from './page-info.ts';
import { DateTime, Json, SafeInt } from './scalars.ts';
import { UserError, withUserErrors } from './user-error.ts';

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

  @Field(() => String, {
    nullable: true,
    description: 'Who registered it first under this name; null where nobody was asked.',
  })
  createdBy!: string | null;

  /** What models of the same bytes and the same preprocessing have in common. */
  content!: string;
}

@ObjectType()
export class ModelPayload {
  @Field(() => Model, { nullable: true })
  model!: Model | null;

  @Field(() => [UserError])
  userErrors!: UserError[];
}

/** The payload of a mutation that changes a model. */
const modelPayload = (work: () => Promise<Model>): Promise<ModelPayload> =>
  withUserErrors<{ model: Model | null }>(async () => ({ model: await work() }), { model: null });

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
    @Args(() => PageArgs) page: PageArgs,
    @Arg('name', () => String, { nullable: true, description: 'Only those of this name.' }) name?: string,
  ): Promise<Page<Model>> {
    return listModels(context, page, name);
  }

  @FieldResolver(() => [String], {
    description:
      'Every name of these bytes, read the same way; the oldest first. Each is a model with an id of its own.',
  })
  names(@Root() model: Model, @Ctx() context: Context): Promise<readonly string[]> {
    return namesOfModel(context, model);
  }

  @Mutation(() => ModelPayload, {
    description: 'Gives a model another name. Other names of the same bytes stay; a name that is taken is refused.',
  })
  renameModel(
    @Ctx() context: Context,
    @Arg('id', () => ID) id: string,
    @Arg('name', () => String) name: string,
  ): Promise<ModelPayload> {
    return modelPayload(() => renameModel(context, id, name));
  }

  @Mutation(() => ModelPayload, {
    description:
      'Takes the name of a model away; refused while a run that has not ended uses it. Its bytes stay while another name or a run refers to them.',
  })
  removeModel(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<ModelPayload> {
    return modelPayload(() => removeModel(context, id));
  }
}
