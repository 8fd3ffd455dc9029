import { getNamedType, type GraphQLField, type GraphQLSchema, isInputObjectType } from 'graphql';

interface Refused {
  readonly userErrors?: readonly { readonly field: string | null }[];
}

/**
 * Lets `userErrors.field` of every mutation be the path of an input field as its caller wrote it (`input.training.epochs`, `id`). What stands
 * below knows the field by its own name alone, and may name what is no field at all, such as an upload or a file: that becomes null.
 */
export function nameInputFields(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve } = field;
    if (resolve === undefined) continue;
    field.resolve = async (source, args, context, info) => {
      const payload = (await resolve(source, args, context, info)) as Refused;
      const userErrors = payload.userErrors?.map((error) => ({ ...error, field: inputPath(field, error.field) }));
      return userErrors === undefined ? payload : { ...payload, userErrors };
    };
  }
  return schema;
}

function inputPath({ args }: GraphQLField<unknown, unknown>, where: string | null): string | null {
  const path = where?.replaceAll(/\[(\d+)\]/g, '.$1') ?? '';
  const [first = ''] = path.split('.');
  for (const { name, type } of args) {
    const named = getNamedType(type);
    if (name === first) return path;
    if (isInputObjectType(named) && Object.hasOwn(named.getFields(), first)) return `${name}.${path}`;
  }
  return null;
}
