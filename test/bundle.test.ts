import { copyFile, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundled } from '../packages/runtime/src/task/bundled.mjs';
import { JSON_HEADERS, Kneepoint } from './support/kneepoint.ts';

const ROOT = new URL('../', import.meta.url);
const MODULE = 'packages/runtime/src/task/bundled.mjs';

describe('the bundle', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kneepoint-bundle-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is that of the command line and of each task, while no source has changed', () => {
    const sources = [
      ...[
        'packages/cli/src/main.ts',
        'packages/runtime/src/task/child-main.ts',
        'services/pruner/src/tasks/prune.task.ts',
      ],
      ...['services/trainer/src/tasks/finetune.task.ts', 'services/regressor/src/tasks/regress.task.ts'],
    ];
    for (const source of sources) expect(bundled(new URL(source, ROOT))).toMatch(/^file:.*\/dist\/[\w.-]+\.js$/);
    expect(bundled(new URL('packages/runtime/src/testing/behave.task.ts', ROOT))).toBeUndefined();
  });

  it('serves the schema that the sources give', async () => {
    const server = new Kneepoint(['up', '--data-dir', join(folder, 'data'), '--port', '0']);
    try {
      const url = (await server.says(/serves (http:\S+\/graphql)/))[1]!;
      const response = await fetch(url, {
        method: 'POST',
        headers: JSON_HEADERS,
        body: JSON.stringify({ query: getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }) }),
      });
      const { data } = (await response.json()) as { data: IntrospectionQuery };
      const emitted = buildSchema(await readFile(new URL('schema.graphql', ROOT), 'utf8'));
      const print = (schema: typeof emitted) => printSchema(lexicographicSortSchema(schema));
      expect(print(buildClientSchema(data))).toBe(print(emitted));
    } finally {
      await server.stop();
    }
  });

  it.each([
    ['all is as it was', () => Promise.resolve(), true],
    ['a source has changed', (root: string) => writeFile(join(root, 'a.ts'), 'changed'), false],
    ['a source is younger', (root: string) => utimes(join(root, 'a.ts'), 1, 1), false],
    ['a source is gone', (root: string) => rm(join(root, 'a.ts')), false],
    ['its file was replaced', (root: string) => rm(join(root, 'dist/a-1.js')), false],
    ['nothing was built', (root: string) => rm(join(root, 'dist'), { recursive: true }), false],
  ] as const)('when %s', async (_what, change, there) => {
    const root = await mkdtemp(join(folder, 'tree-'));
    const module = join(root, MODULE);
    await mkdir(dirname(module), { recursive: true });
    await mkdir(join(root, 'dist'));
    await copyFile(fileURLToPath(new URL(MODULE, ROOT)), module);
    await writeFile(join(root, 'a.ts'), 'source');
    await utimes(join(root, 'a.ts'), 1_000, 1_000);
    await writeFile(join(root, 'dist/a-1.js'), '');
    const manifest = { sources: { 'a.ts': '6 1000' }, entries: { 'a.ts': 'a-1.js' } };
    await writeFile(join(root, 'dist/manifest.json'), JSON.stringify(manifest));
    await change(root);
    const own = (await import(/* @vite-ignore */ pathToFileURL(module).href)) as { bundled: typeof bundled };
    const found = own.bundled(pathToFileURL(join(root, 'a.ts')));
    expect(found).toBe(there ? pathToFileURL(join(root, 'dist/a-1.js')).href : undefined);
  });
});
