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
import { findDataset, listDatasets, namesOfDataset, removeDataset, renameDataset } from '../domain/datasets.ts';
import { localId } from '../domain/ids.ts';
import type { Page } from '../domain/pages.ts';
import { Artifact } from './artifact.ts';
import { TaskType } from './metric.ts';
import { Node } from './node.ts';
import { connectionOf, PageArgs } from './page-info.ts';
import { DateTime } from './scalars.ts';
import { UserError, withUserErrors } from './user-error.ts';

@ObjectType({ description: 'Something to be read from an image.' })
export class Task {
  @Field(() => String)
  name!: string;

  @Field(() => TaskType)
  type!: string;

  @Field(() => [String], { nullable: true })
  classes!: readonly string[] | null;

  @Field(() => String, { nullable: true })
  unit!: string | null;
}

@ObjectType({ implements: Node, description: 'Labelled images, imported as one immutable archive.' })
export class Dataset extends Node {
  @Field(() => String)
  name!: string;

  @Field(() => Int)
  images!: number;

  @Field(() => [Task])
  tasks!: readonly Task[];

  @Field(() => String, {
    nullable: true,
    description: 'Images that share this column stay together when the set is split.',
  })
  subject!: string | null;

  @Field(() => [String], {
    description: 'What was found, what was guessed, and what was left out by kind, with counts; one sentence each.',
  })
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
}

@ObjectType()
export class DatasetPayload {
  @Field(() => Dataset, { nullable: true })
  dataset!: Dataset | null;

  @Field(() => [UserError])
  userErrors!: UserError[];
}

/** The payload of a mutation that changes a data set. */
const datasetPayload = (work: () => Promise<Dataset>): Promise<DatasetPayload> =>
  withUserErrors<{ dataset: Dataset | null }>(async () => ({ dataset: await work() }), { dataset: null });

const DatasetConnection = connectionOf('Dataset', () => Dataset);

@Resolver(() => Dataset)
export class DatasetResolver {
  @Query(() => Dataset, { nullable: true })
  dataset(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<Dataset | null> {
    return findDataset(context, localId('Dataset', id));
  }

  @Query(() => DatasetConnection)
  datasets(
    @Ctx() context: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('name', () => String, { nullable: true, description: 'Only those of this name.' }) name?: string,
  ): Promise<Page<Dataset>> {
    return listDatasets(context, page, name);
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
    @Arg('id', () => ID) id: string,
    @Arg('name', () => String) name: string,
  ): Promise<DatasetPayload> {
    return datasetPayload(() => renameDataset(context, id, name));
  }

  @Mutation(() => DatasetPayload, {
    description:
      'Takes the name of a data set away; refused while a run that has not ended uses it. Its content stays while another name or a run refers to it.',
  })
  removeDataset(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<DatasetPayload> {
    return datasetPayload(() => removeDataset(context, id));
  }
}
