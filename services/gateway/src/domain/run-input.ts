import {
  getNamedType,
  getNullableType,
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
} from 'graphql';
import type { Context } from '../context.ts';
import type { Run } from '../schema/run.ts';

/** The mutation whose input a run of a kind keeps. */
const LAUNCHERS: Readonly<Record<string, string>> = {
  IMPORT_MODEL: 'registerModel',
  IMPORT_DATASET: 'registerDataset',
  ANALYSIS: 'launchAnalysis',
  PRUNE: 'launchPrune',
  FINETUNE: 'launchFinetune',
  COMPRESSION: 'launchCompression',
  BENCHMARK: 'launchBenchmark',
  PACKAGE: 'launchPackage',
  REPRODUCTION: 'registerReproduction',
};

/** What a run was launched with, as its mutation would take it again. */
export async function inputOfRun({ loaders }: Context, run: Run, schema: GraphQLSchema): Promise<object | null> {
  const input = await loaders.runInputs.load(run.rowId);
  if (input === null) return null;
  const launcher = schema.getMutationType()?.getFields()[LAUNCHERS[run.kind] ?? ''];
  const type = launcher?.args.find(({ name }) => name === 'input')?.type;
  return (type === undefined ? input.input : written(input.input, type)) as object;
}

/** A value as a client writes it: enumerations have other names outside. What the type does not know stays as it was stored. */
function written(value: unknown, type: GraphQLInputType): unknown {
  const nullable = getNullableType(type);
  if (value === null || value === undefined) return value;
  if (isListType(nullable)) {
    return Array.isArray(value) ? value.map((member) => written(member, nullable.ofType)) : value;
  }
  const named = getNamedType(nullable);
  if (isEnumType(named)) return named.getValues().find((one) => one.value === value)?.name ?? value;
  if (!isInputObjectType(named) || typeof value !== 'object') return value;
  const fields = named.getFields();
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      return [name, field === undefined ? (member as unknown) : written(member, field.type)];
    }),
  );
}
