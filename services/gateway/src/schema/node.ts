import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType({
  description: 'Anything with an opaque id.',
  resolveType: (value: { readonly nodeType: string }) => value.nodeType,
})
export abstract class Node {
  @Field(() => ID, { description: 'Opaque: to be stored and sent back, never parsed.' })
  id!: string;

  /** Name of the GraphQL type; lets the interface resolve without asking the database again. */
  nodeType!: string;
}
