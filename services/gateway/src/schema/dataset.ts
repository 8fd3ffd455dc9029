import { Arg, Ctx, Field, ID, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { findDataset, listDatasets } from '../domain/datasets.ts';
import { localId } from '../domain/ids.ts';
import type { Page } from '../domain/pages.ts';
import { Artifact } from './artifact.ts';
import { Node } from './node.ts';
import { connectionOf } from './page-info.ts';
import { DateTime } from './scalars.ts';

@ObjectType({ description: 'Something to be read from an image.' })
export class Task {
  @Field(() => String)
  name!: string;

  @Field(() => String, { description: 'continuous, binary, ordered, multilabel or categorical.' })
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

  @Field(() => [String])
  notes!: readonly string[];

  @Field(() => Artifact)
  artifact!: Artifact;

  @Field(() => DateTime)
  createdAt!: Date;
}

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
    @Arg('first', () => Int) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
  ): Promise<Page<Dataset>> {
    return listDatasets(context, { first, after });
  }
}
