import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLOutputType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';

/** What stands for the things that belong to somebody: ids as clients know them, and digests. */
export interface Subjects {
  readonly Model: string;
  readonly Dataset: string;
  readonly Run: string;
  readonly Token: string;
  readonly Upload: string;
  readonly Webhook: string;
  readonly Delivery: string;
  readonly sha256: string;
}

type Root = 'Query' | 'Mutation' | 'Subscription';

/** Values of what belongs to nobody, by the name of the argument. */
const PLAIN: Readonly<Record<string, unknown>> = {
  ...{
    first: 1,
    bytes: 1000,
    name: 'a-name',
    role: 'VIEWER',
    task: 'yaw',
    tasks: ['yaw'],
    layer: 'conv1',
    filter: 0,
    epsilon: 0.1,
    epsilons: [0.1],
    mode: 'FULL',
    url: 'https://example.org/hook',
  },
};

/** Optional arguments that name something which belongs to somebody: they are always given, one at a time where one excludes another. */
const SUBJECTS = new Set(['model', 'models', 'dataset', 'artifact', 'artifacts', 'upload', 'distill', 'filter']);

/** Each way of naming something that belongs to somebody in a call of a field; one call where it names nothing. */
export function callsOf(root: Root, field: GraphQLField<unknown, unknown>, subjects: Subjects): readonly string[] {
  const required = field.args.filter(isRequiredArgument);
  const optional = field.args.filter((arg) => !isRequiredArgument(arg) && SUBJECTS.has(arg.name));
  const ways = optional.length === 0 ? [required] : optional.map((arg) => [...required, arg]);
  return ways.flatMap((args) => {
    const texts = args.map((arg) => valuesOf(field.name, arg, subjects).map((value) => `${arg.name}: ${value}`));
    const most = Math.max(1, ...texts.map((values) => values.length));
    return Array.from({ length: most }, (_, way) => {
      const given = texts.map((values) => values[Math.min(way, values.length - 1)]!);
      const call = `${field.name}${given.length === 0 ? '' : `(${given.join(', ')})`}`;
      return `${root.toLowerCase()} { ${call} ${selectionOf(field.type)} }`;
    });
  });
}

/** Literals of an argument; several where an input object can name several things that belong to somebody. */
function valuesOf(field: string, arg: GraphQLArgument | GraphQLInputField, subjects: Subjects): string[] {
  const type = getNamedType(arg.type);
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields());
    const required = fields.filter(isRequiredInputField);
    const optional = fields.filter((inner) => !isRequiredInputField(inner) && SUBJECTS.has(inner.name));
    const ways = optional.length === 0 ? [required] : optional.map((inner) => [...required, inner]);
    const plain = fields.filter(
      (inner) => !isRequiredInputField(inner) && ['task', 'epsilon', 'epsilons'].includes(inner.name),
    );
    return ways.flatMap((members) =>
      combined(
        [...members, ...plain].map((inner) =>
          valuesOf(field, inner, subjects).map((value) => `${inner.name}: ${value}`),
        ),
      ),
    );
  }
  return [wrapped(arg.type, literalOf(field, arg.name, subjects), type.name)];
}

function combined(texts: readonly (readonly string[])[]): string[] {
  const most = Math.max(1, ...texts.map((values) => values.length));
  return Array.from(
    { length: most },
    (_, way) => `{ ${texts.map((values) => values[Math.min(way, values.length - 1)]!).join(', ')} }`,
  );
}

function literalOf(field: string, name: string, subjects: Subjects): unknown {
  if (name === 'id') return subjects[kindOf(field)];
  if (/^models?$/.test(name)) return subjects.Model;
  if (name === 'dataset') return subjects.Dataset;
  // The run that made what is packaged.
  if (name === 'of') return subjects.Run;
  if (/^(artifacts?|upload|sha256)$/.test(name)) return subjects.sha256;
  if (!Object.hasOwn(PLAIN, name))
    throw new Error(`${field} takes "${name}": say in field-call.ts what a test gives it`);
  return PLAIN[name];
}

/** What the argument `id` of a field names. */
function kindOf(field: string): keyof Subjects {
  if (field === 'redeliver') return 'Delivery';
  if (/webhook/i.test(field)) return 'Webhook';
  if (/token/i.test(field)) return 'Token';
  if (/upload/i.test(field)) return 'Upload';
  if (/dataset/i.test(field)) return 'Dataset';
  return /model/i.test(field) ? 'Model' : 'Run';
}

function wrapped(type: GraphQLInputType, value: unknown, named: string): string {
  if (isNonNullType(type)) return wrapped(type.ofType, value, named);
  if (isListType(type)) return Array.isArray(value) ? JSON.stringify(value) : `[${wrapped(type.ofType, value, named)}]`;
  // Enumerations are written bare.
  return typeof value === 'string' && !['String', 'ID'].includes(named) ? value : JSON.stringify(value);
}

/** Every leaf that needs no argument, two levels deep, and through pages to what is on them. */
function selectionOf(type: GraphQLOutputType, depth = 0): string {
  const named = getNamedType(type);
  if (isLeafType(named)) return '';
  if (!isObjectType(named) && !isInterfaceType(named)) return '{ __typename }';
  const fields = Object.values(named.getFields()).filter(({ args }) => !args.some(isRequiredArgument));
  const through = ['edges', 'node', 'pageInfo', 'userErrors'];
  const texts = fields.flatMap((field) => {
    // A link is only made to bytes that are there, which those of seeded rows are not.
    if (isLeafType(getNamedType(field.type))) return depth > 0 && field.name === 'downloadUrl' ? [] : [field.name];
    if (depth < 1 || through.includes(field.name)) return [`${field.name} ${selectionOf(field.type, depth + 1)}`];
    return [];
  });
  return `{ __typename ${texts.join(' ')} }`;
}
