import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHART_README, chartReadme, chartValues } from '../../scripts/chart-values.ts';
import { CHART, type Json } from './support/chart.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as Schema & {
  readonly definitions: Readonly<Record<string, Schema>>;
};
/** Parts that are Kubernetes' own objects; it checks them itself. */
const KUBERNETES = [
  'nodeAffinity',
  'podAffinity',
  'podAntiAffinity',
  'labelSelector',
  'namespaceSelector',
  'podSelector',
  'valueFrom',
  'extraVolumes[]',
];

describe('the values of the chart', () => {
  it('are in its README as values.yaml has them (npx tsx scripts/chart-values.ts writes them)', () => {
    expect(readFileSync(CHART_README, 'utf8')).toBe(chartReadme());
  });

  it('have groups that the schema closes to unknown keys, down to what Kubernetes checks', () => {
    const open: string[] = [];
    const visit = (name: string, part: Schema): void => {
      if (
        part.type === 'object' &&
        part.additionalProperties === undefined &&
        !KUBERNETES.includes(name.split('.').at(-1)!)
      ) {
        open.push(name);
      }
      if (part.properties !== undefined && part.additionalProperties !== false) open.push(name);
      for (const [key, child] of Object.entries(part.properties ?? {})) visit(`${name}.${key}`, child);
      if (part.items !== undefined) visit(`${name}[]`, part.items);
    };
    visit('', schema);
    for (const [name, part] of Object.entries(schema.definitions)) visit(name, part);
    expect(open).toEqual([]);
  });

  it('are all in the schema, and the schema has no others', () => {
    const documented = new Set(chartValues().map(({ path }) => path));
    const resolve = (part: Schema): Schema =>
      part.$ref === undefined ? part : schema.definitions[part.$ref.split('/').at(-1)!]!;
    const missing: string[] = [];
    const visit = (path: string, part: Schema, defaults: Json): void => {
      const { properties } = resolve(part);
      const empty = defaults !== undefined && Object.keys(defaults as object).length === 0;
      // What a worker does not say itself is said once, in the defaults.
      if (/^workers\.(?!defaults)\w+$/.test(path)) return;
      if (properties === undefined || empty) {
        if (!documented.has(path)) missing.push(path);
        return;
      }
      for (const [key, child] of Object.entries(properties))
        visit(path === '' ? key : `${path}.${key}`, child, defaultOf(path === '' ? key : `${path}.${key}`));
    };
    const defaultOf = (path: string): unknown => chartValues().find((row) => row.path === path)?.value ?? undefined;
    visit('', schema, undefined);
    expect(missing).toEqual([]);
  });
});
