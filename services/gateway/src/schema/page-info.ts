import { ArgsType, type ClassType, Field, Int, ObjectType } from 'type-graphql';

@ObjectType({ simpleResolvers: true, description: 'Where a page lies in its list. Lists are read forwards.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether there is more after this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Whether there is something before this page: true when `after` was passed.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first entry; null on an empty page.' })
  startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of the last entry: pass it as `after` for the next page; null on an empty page.',
  })
  endCursor!: string | null;
}

@ArgsType()
export class PageArgs {
  @Field(() => Int, { description: '1 to 100.' })
  first!: number;

  @Field(() => String, { nullable: true, description: 'The endCursor of the page before.' })
  after?: string;
}

/** The Relay connection and edge types of a node type. */
export function connectionOf<Node extends object>(name: string, node: () => ClassType<Node>) {
  @ObjectType(`${name}Edge`, { simpleResolvers: true, description: 'An entry of a page.' })
  class Edge {
    @Field(() => String, { description: 'Where it lies in the list; opaque.' })
    cursor!: string;

    @Field(() => node(), { description: 'The entry itself.' })
    node!: Node;
  }

  @ObjectType(`${name}Connection`, { simpleResolvers: true, description: 'A page of a list.' })
  class Connection {
    @Field(() => [Edge], { description: 'The entries of the page, in the order of the list.' })
    edges!: Edge[];

    @Field(() => PageInfo, { description: 'Where the page lies in its list.' })
    pageInfo!: PageInfo;

    // A promise, which only who asks for it waits for: that takes a resolver.
    @Field(() => Int, {
      simple: false,
      description: 'How many there are in the whole list; counted for those who ask.',
    })
    totalCount!: number;
  }

  return Connection;
}
