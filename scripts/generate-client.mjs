// Writes the types of schema.graphql, and each operation of a package as a typed document: src/generated/graphql.ts of src/operations, for the
// client and for the page.
// Run by scripts/generate.mjs, and after `npm run schema`; alone: `node scripts/generate-client.mjs`.
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codegen } from '@graphql-codegen/core';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as typescriptOperations from '@graphql-codegen/typescript-operations';
import { buildSchema, parse, printSchema } from 'graphql';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Sources with operations of their own. */
const SOURCES = [join(root, 'packages', 'client', 'src'), join(root, 'web', 'src')];

/** Validates as well: an operation that the schema does not know is an error here. */
export async function generateClient(client = SOURCES[0]) {
  const schema = buildSchema(await readFile(join(root, 'schema.graphql'), 'utf8'));
  const names = (await readdir(join(client, 'operations'))).filter((name) => name.endsWith('.graphql')).sort();
  const documents = await Promise.all(
    names.map(async (location) => ({
      location,
      document: parse(await readFile(join(client, 'operations', location), 'utf8')),
    })),
  );
  const config = {
    // Documents are sent as text; nothing of a GraphQL library is needed to have them.
    documentMode: 'string',
    enumType: 'string-literal',
    enumsAsTypes: true,
    immutableTypes: true,
    skipTypename: true,
    useTypeImports: true,
    dedupeFragments: true,
    defaultScalarType: 'unknown',
    scalars: { ID: 'string', DateTimeISO: 'string', JSON: 'unknown', SafeInt: 'number' },
    maybeValue: 'T | null',
    inputMaybeValue: 'T | null | undefined',
  };
  return codegen({
    filename: join(client, 'generated', 'graphql.ts'),
    schema: parse(printSchema(schema)),
    documents,
    config,
    plugins: [{ typescriptOperations: {} }, { typedDocumentNode: {} }],
    pluginMap: { typescriptOperations, typedDocumentNode },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const source of SOURCES) {
    const text = await generateClient(source);
    const folder = join(source, 'generated');
    await mkdir(folder, { recursive: true });
    const file = join(folder, 'graphql.ts');
    // Whoever reads it meanwhile has one or the other.
    await writeFile(`${file}.${process.pid}`, text);
    await rename(`${file}.${process.pid}`, file);
  }
}
