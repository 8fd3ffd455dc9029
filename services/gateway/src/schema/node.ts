import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType({
  description: 'Anything with an opaque id.',
  resolveType: (value: { readonly nodeType: string }) => value.nodeType,
})
export abstract class Node {
  @Field(() => ID)
  id!: string;

  /** Name of the GraphQL type; lets the interface resolve without asking the database again. */
  nodeType!: string;
}
