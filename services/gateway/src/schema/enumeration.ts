import { registerEnumType } from 'type-graphql';

/** Registers an enumeration: what clients write, what it is called within, and what each value means. */
export function enumeration<const Values extends Readonly<Record<string, string>>>(
  name: string,
  description: string,
  values: Values,
  meanings: { readonly [Value in keyof Values]: string },
): Values {
  const valuesConfig = Object.fromEntries(
    Object.entries(meanings).map(([value, text]) => [value, { description: text }]),
  );
  registerEnumType(values, { name, description, valuesConfig: valuesConfig as { [Value in keyof Values]: object } });
  return values;
}
