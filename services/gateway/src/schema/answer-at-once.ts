import { type GraphQLSchema, isObjectType } from 'graphql';
import type { Context } from '../context.ts';
import type { PageArgs } from './page-info.ts';

/** A method of a resolver that gives a page of what belongs to a row. */
type List = (row: never, context: Context, page: PageArgs) => unknown;

/**
 * Lets methods of a resolver be called as they are. type-graphql makes an object of a class of the arguments and promises of each of them, as
 * if there were something to validate, which for a list that stands in each row of a page is more work than to give what is known of it.
 */
export function answerAtOnce<Name extends string>(
  schema: GraphQLSchema,
  type: string,
  resolver: Readonly<Record<Name, List>>,
  ...names: readonly Name[]
): void {
  const rows = schema.getType(type);
  if (!isObjectType(rows)) throw new Error(`${type} is no type of objects`);
  for (const name of names) {
    const field = rows.getFields()[name];
    if (field === undefined) throw new Error(`${type} has no ${name}`);
    field.resolve = (row, page, context) => resolver[name](row as never, context as Context, page as PageArgs);
  }
}
