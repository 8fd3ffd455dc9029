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
import {
  contentOfDataset,
  findDataset,
  listDatasets,
  namesOfDataset,
  removeDataset,
  renameDataset,
  tasksOfDataset,
} from '../domain/datasets.ts';
import { localId } from '../domain/ids.ts';
import type { Page } from '../domain/pages.ts';
import { Artifact } from './artifact.ts';
import { TaskType } from './metric.ts';
import { Node } from './node.ts';
import { connectionOf, PageArgs } from './page-info.ts';
import { DateTime } from './scalars.ts';
import { UserError, withUserErrors } from './user-error.ts';

@ObjectType({ simpleResolvers: true, description: 'Something to be read from an image.' })
export class Task {
  @Field(() => String, { description: 'What it is called in the data set.' })
  name!: string;

  @Field(() => TaskType, { description: 'What kind of label it has.' })
  type!: string;

  @Field(() => [String], { nullable: true, description: 'Names of its classes in their order; null for numbers.' })
  classes!: readonly string[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Unit of a number, such as "degrees"; null where none was said.',
  })
  unit!: string | null;
}

@ObjectType({
  simpleResolvers: true,
  implements: Node,
  description: 'Labelled images, imported as one immutable archive.',
})
export class Dataset extends Node {
  @Field(() => String, { description: 'What people call it.' })
  name!: string;

  @Field(() => Int, { description: 'How many images it has.' })
  images!: number;

  @Field(() => String, {
    nullable: true,
    description: 'Images that share this column stay together when the set is split.',
  })
  subject!: string | null;

  @Field(() => Artifact, { description: 'The packed archive of images and labels.' })
  artifact!: Artifact;

  @Field(() => DateTime, { description: 'When it was registered.' })
  createdAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: 'Who registered it first under this name; null where nobody was asked.',
  })
  createdBy!: string | null;

  rowId!: string;
}

@ObjectType({ description: 'The data set after a change, or why it was refused.' })
export class DatasetPayload {
  @Field(() => Dataset, { nullable: true, description: 'Null where it was refused.' })
  dataset!: Dataset | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty where it was done.' })
  userErrors!: UserError[];
}

/** The payload of a mutation that changes a data set. */
const datasetPayload = (work: () => Promise<Dataset>): Promise<DatasetPayload> =>
  withUserErrors<{ dataset: Dataset | null }>(async () => ({ dataset: await work() }), { dataset: null });

const DatasetConnection = connectionOf('Dataset', () => Dataset);

@Resolver(() => Dataset)
export class DatasetResolver {
  @Query(() => Dataset, {
    nullable: true,
    description: 'A data set by its id; null where there is none, or its name was removed.',
  })
  dataset(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the data set.' }) id: string,
  ): Promise<Dataset | null> {
    return findDataset(context, localId('Dataset', id));
  }

  @Query(() => DatasetConnection, { description: 'Data sets; newest first.' })
  datasets(
    @Ctx() context: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('name', () => String, { nullable: true, description: 'Only those of this name.' }) name?: string,
  ): Promise<Page<Dataset>> {
    return listDatasets(context, page, name);
  }

  @FieldResolver(() => [Task], { description: 'What can be read from its images.' })
  tasks(@Root() dataset: Dataset, @Ctx() context: Context): Promise<readonly Task[]> {
    return tasksOfDataset(context, dataset);
  }

  @FieldResolver(() => [String], {
    description: 'What was found, what was guessed, and what was left out by kind, with counts; one sentence each.',
  })
  async notes(@Root() { rowId }: Dataset, @Ctx() context: Context): Promise<readonly string[]> {
    return (await contentOfDataset(context, rowId)).notes;
  }

  @FieldResolver(() => [String], {
    description: 'Every name of this content; the oldest first. Each is a data set with an id of its own.',
  })
  names(@Root() dataset: Dataset, @Ctx() context: Context): Promise<readonly string[]> {
    return namesOfDataset(context, dataset);
  }

  @Mutation(() => DatasetPayload, {
    description:
      'Gives a data set another name. Other names of the same content stay; a name that is taken is refused.',
  })
  renameDataset(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the data set.' }) id: string,
    @Arg('name', () => String, { description: 'What it shall be called: 100 characters at most.' }) name: string,
  ): Promise<DatasetPayload> {
    return datasetPayload(() => renameDataset(context, id, name));
  }

  @Mutation(() => DatasetPayload, {
    description:
      'Takes the name of a data set away; refused while a run that has not ended uses it. Its content stays while another name or a run refers to it.',
  })
  removeDataset(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the data set.' }) id: string,
  ): Promise<DatasetPayload> {
    return datasetPayload(() => removeDataset(context, id));
  }
}
