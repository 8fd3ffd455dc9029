import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { findArtifact } from '../domain/artifacts.ts';
import { findDataset } from '../domain/datasets.ts';
import { type NodeType, parseId } from '../domain/ids.ts';
import { findModel } from '../domain/models.ts';
import { findRun } from '../domain/runs.ts';
import { Node } from './node.ts';

const FINDERS: Record<NodeType, (context: Context, id: string) => Promise<Node | null>> = {
  Model: findModel,
  Dataset: findDataset,
  Run: findRun,
  Artifact: findArtifact,
};

@Resolver()
export class NodeResolver {
  @Query(() => Node, { nullable: true, description: 'Anything by its id.' })
  node(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of anything.' }) id: string,
  ): Promise<Node | null> {
    const { type, id: local } = parseId(id);
    return FINDERS[type](context, local);
  }
}
