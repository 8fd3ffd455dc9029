import { Failure } from '@kneepoint/failures';
import { isAtLeast } from '@kneepoint/platform';
import type { GraphQLFieldResolver, GraphQLObjectType, GraphQLSchema } from 'graphql';
import type { Context } from '../context.ts';
import { audited } from './audit.ts';
import { type Rule, RULES } from './rules.ts';

type Resolver = GraphQLFieldResolver<unknown, Context>;

/**
 * Puts the rule of each field of the roots before it, and the audit log around every mutation, so that no resolver has to think of either.
 * Throws where a field has no rule, or a rule no field.
 */
export function guardSchema(schema: GraphQLSchema): GraphQLSchema {
  const roots = {
    Query: schema.getQueryType(),
    Mutation: schema.getMutationType(),
    Subscription: schema.getSubscriptionType(),
  };
  for (const [name, root] of Object.entries(roots)) guardRoot(root!, RULES[name as keyof typeof RULES]);
  return schema;
}

function guardRoot(root: GraphQLObjectType, rules: Readonly<Record<string, Rule>>): void {
  const fields = root.getFields();
  const unknown = Object.keys(rules).filter((name) => !(name in fields));
  const open = Object.keys(fields).filter((name) => !Object.hasOwn(rules, name));
  if (open.length + unknown.length > 0) {
    throw new Error(`rules for who may ask differ from ${root.name}: ${[...open, ...unknown].join(', ')}`);
  }
  for (const field of Object.values(fields)) {
    const rule = rules[field.name]!;
    const guarded = (resolve: Resolver): Resolver => {
      return (source, args, context, info) => {
        requireAllowed(rule, context, field.name);
        return resolve(source, args as object, context, info);
      };
    };
    // A subscription is refused before it begins; its events pass.
    if (field.subscribe) field.subscribe = guarded(field.subscribe as Resolver) as NonNullable<typeof field.subscribe>;
    else if (root.name === 'Mutation')
      field.resolve = audited(field.name, guarded(field.resolve as Resolver)) as NonNullable<typeof field.resolve>;
    else field.resolve = guarded(field.resolve as Resolver) as NonNullable<typeof field.resolve>;
  }
}

function requireAllowed({ least, everywhere }: Rule, { principal }: Context, field: string): void {
  const { role, project, name } = principal;
  if (isAtLeast(role, least) && (everywhere !== true || principal.everywhere)) return;
  const needed = everywhere === true ? `${least} of every project` : least;
  throw new Failure(
    'FORBIDDEN',
    `${field} needs the role ${needed}; "${name}" is ${role} in project "${project.name}"`,
    {
      where: field,
      fix: 'Ask an administrator of the project for a role that may.',
    },
  );
}
