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
import {
  contentOfModel,
  fileOfModel,
  findModel,
  listModels,
  namesOfModel,
  removeModel,
  renameModel,
} from '../domain/models.ts';
import type { Page } from '../domain/pages.ts';
import { Artifact } from './artifact.ts';
import { Node } from './node.ts';
import { connectionOf, PageArgs } from './page-info.ts';
import { DateTime, Json, SafeInt } from './scalars.ts';
import { UserError, withUserErrors } from './user-error.ts';

@ObjectType({ simpleResolvers: true, description: 'A convolution or matrix layer of a model.' })
export class Layer {
  @Field(() => String, { description: 'Name of its node in the graph.' })
  name!: string;

  @Field(() => String, { description: 'Its ONNX operator, such as "Conv".' })
  op!: string;

  @Field(() => Int, { description: 'How many filters, or output units, it has.' })
  filters!: number;

  @Field(() => Boolean, { description: 'Whether filters can be cut from it.' })
  prunable!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Why it cannot be pruned: the node and the operator that freeze it.',
  })
  reason!: string | null;

  @Field(() => SafeInt, { description: 'How many weights it has.' })
  parameters!: number;

  @Field(() => SafeInt, { description: 'Multiply-accumulates for one image.' })
  macs!: number;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Where responses are read: after convolution, normalisation and activation, before pooling.',
})
export class Tap {
  @Field(() => String, { description: 'Name of the layer.' })
  layer!: string;

  @Field(() => String, { description: 'Name of the value in the graph.' })
  value!: string;

  @Field(() => Int, { description: 'How many channels it has there.' })
  channels!: number;
}

@ObjectType({ simpleResolvers: true, implements: Node, description: 'An imported ONNX network.' })
export class Model extends Node {
  @Field(() => String, { description: 'What people call it.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'The task that the network was trained for, if it was said.' })
  primaryTask!: string | null;

  @Field(() => DateTime, { description: 'When it was registered.' })
  createdAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: 'Who registered it first under this name; null where nobody was asked.',
  })
  createdBy!: string | null;

  rowId!: string;
  sha256!: string;
  /** What models of the same bytes and the same preprocessing have in common. */
  content!: string;
}

@ObjectType({ description: 'The model after a change, or why it was refused.' })
export class ModelPayload {
  @Field(() => Model, { nullable: true, description: 'Null where it was refused.' })
  model!: Model | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty where it was done.' })
  userErrors!: UserError[];
}

/** The payload of a mutation that changes a model. */
const modelPayload = (work: () => Promise<Model>): Promise<ModelPayload> =>
  withUserErrors<{ model: Model | null }>(async () => ({ model: await work() }), { model: null });

const ModelConnection = connectionOf('Model', () => Model);

@Resolver(() => Model)
export class ModelResolver {
  @Query(() => Model, {
    nullable: true,
    description: 'A model by its id; null where there is none, or its name was removed.',
  })
  model(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the model.' }) id: string,
  ): Promise<Model | null> {
    return findModel(context, localId('Model', id));
  }

  @Query(() => ModelConnection, { description: 'Models; newest first.' })
  models(
    @Ctx() context: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('name', () => String, { nullable: true, description: 'Only those of this name.' }) name?: string,
  ): Promise<Page<Model>> {
    return listModels(context, page, name);
  }

  @FieldResolver(() => SafeInt, { description: 'How many weights it has.' })
  async parameters(@Root() { rowId }: Model, @Ctx() context: Context): Promise<number> {
    return (await contentOfModel(context, rowId)).inspection.parameters;
  }

  @FieldResolver(() => SafeInt, { description: 'Multiply-accumulates for one image.' })
  async macs(@Root() { rowId }: Model, @Ctx() context: Context): Promise<number> {
    return (await contentOfModel(context, rowId)).inspection.macs;
  }

  @FieldResolver(() => Json, { description: 'How pixels become the input: channels, range, mean, std.' })
  async preprocess(@Root() { rowId }: Model, @Ctx() context: Context): Promise<object> {
    return (await contentOfModel(context, rowId)).preprocess;
  }

  @FieldResolver(() => [Layer], { description: 'Every convolution and matrix layer, in graph order.' })
  async layers(@Root() { rowId }: Model, @Ctx() context: Context): Promise<readonly Layer[]> {
    return (await contentOfModel(context, rowId)).inspection.layers;
  }

  @FieldResolver(() => [Tap], { description: 'Where responses of its layers are read, in graph order.' })
  async taps(@Root() { rowId }: Model, @Ctx() context: Context): Promise<readonly Tap[]> {
    return (await contentOfModel(context, rowId)).inspection.taps;
  }

  @FieldResolver(() => [String], { description: 'What was found out of the ordinary, one sentence each.' })
  async notes(@Root() { rowId }: Model, @Ctx() context: Context): Promise<readonly string[]> {
    return (await contentOfModel(context, rowId)).inspection.notes;
  }

  @FieldResolver(() => Artifact, { description: 'The ONNX file as it was uploaded.' })
  artifact(@Root() model: Model, @Ctx() context: Context): Promise<Artifact> {
    return fileOfModel(context, model);
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
    @Arg('id', () => ID, { description: 'Id of the model.' }) id: string,
    @Arg('name', () => String, { description: 'What it shall be called: 100 characters at most.' }) name: string,
  ): Promise<ModelPayload> {
    return modelPayload(() => renameModel(context, id, name));
  }

  @Mutation(() => ModelPayload, {
    description:
      'Takes the name of a model away; refused while a run that has not ended uses it. Its bytes stay while another name or a run refers to them.',
  })
  removeModel(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the model.' }) id: string,
  ): Promise<ModelPayload> {
    return modelPayload(() => removeModel(context, id));
  }
}
