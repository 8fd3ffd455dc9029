import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import * as workflow from '@kneepoint/workflow';
import { KINDS, METRICS } from '@kneepoint/regression';
import { ATTEMPT_OUTCOMES, ROLES, RUN_STATES, STEP_STATES } from '@kneepoint/platform';
import { createSchema } from './schema.ts';

const schema = createSchema();
const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type));

interface Described {
  readonly path: string;
  readonly text: string | null | undefined;
}

/** A type and whatever it has that a client may read about. */
function partsOf(type: GraphQLNamedType): Described[] {
  const own = { path: type.name, text: type.description };
  if (isEnumType(type)) {
    return [own, ...type.getValues().map((value) => ({ path: `${type.name}.${value.name}`, text: value.description }))];
  }
  if (isInputObjectType(type)) {
    return [own, ...Object.values(type.getFields()).map((field) => described(type, field))];
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [own];
  return [
    own,
    ...Object.values(type.getFields()).flatMap((field) => [
      described(type, field),
      ...field.args.map((arg) => ({ path: `${type.name}.${field.name}(${arg.name})`, text: arg.description })),
    ]),
  ];
}

function described(
  type: GraphQLNamedType,
  { name, description }: { readonly name: string; readonly description?: string | null | undefined },
): Described {
  return { path: `${type.name}.${name}`, text: description };
}

const parts = types.flatMap(partsOf);

describe('the schema', () => {
  it('describes every type, field, argument and value', () => {
    expect(parts.filter(({ text }) => !text).map(({ path }) => path)).toEqual([]);
  });

  it('describes in sentences, which end', () => {
    const odd = parts.filter(({ text }) => !/^[^a-z].*[.!?)]$/su.test(text ?? ''));
    expect(odd.map(({ path, text }) => `${path}: ${text}`)).toEqual([]);
  });

  it('says the unit of whatever is measured in one', () => {
    const units: readonly [RegExp, RegExp][] = [
      [/bytes$/i, /bytes/i],
      [/seconds$/i, /second|long|time/i],
      [/Ms$/, /millisecond/i],
      [/macs$/i, /multiply-accumulate/i],
      [/percent$/i, /percent/i],
      [/PerSecond$/, /second/i],
    ];
    const silent = parts.filter(({ path, text }) => {
      const name = path.split('.').at(-1)!;
      return units.some(([ending, word]) => ending.test(name) && path.includes('.') && !word.test(text ?? ''));
    });
    expect(silent.map(({ path, text }) => `${path}: ${text}`)).toEqual([]);
  });

  it.each([
    ['AttemptOutcome', ATTEMPT_OUTCOMES],
    ['MetricName', [...Object.keys(METRICS), 'score']],
    ['Role', ROLES],
    ['RunState', RUN_STATES],
    ['StepKind', stepKinds().map(({ kind }) => kind)],
    ['StepState', STEP_STATES],
    ['Service', stepKinds().map(({ service }) => service)],
    ['TaskType', Object.keys(KINDS)],
  ])('names every %s that there is', (name, members) => {
    const type = schema.getType(name);
    const values = isEnumType(type) ? type.getValues().map(({ value }) => value as string) : [];
    expect(values.toSorted()).toEqual([...new Set<string>(members)].toSorted());
  });
});

/** What the workflow exports as kinds of steps. */
function stepKinds(): { readonly kind: string; readonly service: string }[] {
  return Object.values(workflow as Readonly<Record<string, unknown>>).filter(
    (exported): exported is { kind: string; service: string } =>
      typeof exported === 'object' && exported !== null && 'timeoutSeconds' in exported && 'kind' in exported,
  );
}
