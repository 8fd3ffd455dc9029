/** Writes the JSON Schema of reports from their types: `npx tsx scripts/report-schema.ts`. A test fails when the committed file differs. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { preprocessJsonSchema } from '@kneepoint/datasets';
import { REPORT_SCHEMA_VERSION } from '@kneepoint/workflow';
import { format } from 'prettier';
import {
  AnyType,
  type BaseType,
  type CompletedConfig,
  createFormatter,
  createParser,
  createProgram,
  DEFAULT_CONFIG,
  SchemaGenerator,
  type SubNodeParser,
} from 'ts-json-schema-generator';
import ts from 'typescript';

const root = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

export const REPORT_SCHEMA = root(`packages/workflow/schema/report-${REPORT_SCHEMA_VERSION}.json`);

/** What zod describes is no type that a reader of types can follow; its own schema takes the place. */
const preprocess: SubNodeParser = {
  supportsNode: (node) => ts.isTypeReferenceNode(node) && node.typeName.getText() === 'Preprocess',
  createType: (): BaseType => new AnyType(),
};

/** The schema as it is committed. */
export function reportSchema(): Promise<string> {
  const config: CompletedConfig = {
    ...DEFAULT_CONFIG,
    ...{ path: root('packages/workflow/src/report.ts'), tsconfig: root('tsconfig.json'), type: 'Report' },
    skipTypeCheck: true,
    topRef: false,
    expose: 'none',
    additionalProperties: false,
  };
  const program = createProgram(config);
  const parser = createParser(program, config, (chain) => chain.addNodeParser(preprocess));
  const {
    $schema: _draft,
    definitions: _none,
    ...schema
  } = new SchemaGenerator(program, parser, createFormatter(config), config).createSchema('Report') as {
    $schema: string;
    definitions: object;
    properties: Record<string, object>;
  };
  const { $schema: _own, ...own } = preprocessJsonSchema();
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:kneepoint:report:${REPORT_SCHEMA_VERSION}`,
    title: 'Report of a Kneepoint run',
    ...schema,
    properties: { ...schema.properties, preprocess: { ...schema.properties['preprocess'], ...own } },
  };
  return format(JSON.stringify(document), { parser: 'json', printWidth: 120 });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(REPORT_SCHEMA, await reportSchema());
