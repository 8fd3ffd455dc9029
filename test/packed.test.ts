import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packClient } from '../scripts/pack/pack-client.ts';
import { packCommand } from '../scripts/pack/pack-command.ts';
import { ADMIN_TOKEN, Kneepoint, kneepointResult, makeSample } from './support/kneepoint.ts';

const run = promisify(execFile);
/** An empty folder into which both packages are installed as npm has them. */
let folder: string;
let tarball: string;
const bin = () => join(folder, 'node_modules', 'kneepoint', 'bin', 'kneepoint.mjs');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-packed-'));
  tarball = await packClient();
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  // As the README of the package says.
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...flags, await packCommand(), tarball], { cwd: folder });
  await makeSample(folder, { count: 120 });
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it('the command compresses a network where nothing else is installed, and has nothing that runs TypeScript', async () => {
  const flags = ['--task', 'gender', '--target', 'macs=-50%', '--arms', 'none', '--out', 'out'];
  const args = ['compress', '--model', 'small.onnx', '--data', 'faces', ...flags];
  const { before, after, proof } = await kneepointResult(args, { bin: bin(), cwd: folder });
  expect(after.macs).toBeLessThanOrEqual(before.macs / 2);
  expect(proof.passed).toBe(true);
  expect((await readdir(join(folder, 'out'))).filter((name) => name.endsWith('.onnx'))).toHaveLength(1);
  for (const name of ['tsx', 'esbuild', 'typescript', 'prisma', 'vitest']) {
    expect(existsSync(join(folder, 'node_modules', name)), name).toBe(false);
  }
});

it('the client does against the command what its README shows', async () => {
  const server = new Kneepoint(['up', '--port', '0'], { bin: bin(), cwd: folder, env: { LOG_LEVEL: 'silent' } });
  try {
    const KNEEPOINT_URL = (await server.says(/serves (http:\S+)\/graphql/))[1]!;
    const readme = await readFile(join(folder, 'node_modules', '@kneepoint', 'client', 'README.md'), 'utf8');
    const said: Record<string, string> = {};
    for (const [, name = '', text = ''] of readme.matchAll(/^```js (\w+)\n([\s\S]*?)^```$/gm)) {
      await writeFile(join(folder, `${name}.js`), text);
      const env = { ...process.env, KNEEPOINT_URL, KNEEPOINT_TOKEN: ADMIN_TOKEN };
      said[name] = (await run(process.execPath, [`${name}.js`], { cwd: folder, env })).stdout;
    }
    expect(Object.keys(said)).toEqual(['job', 'own']);
    expect(said['job']).toMatch(/SUCCEEDED 100 %\n$/);
    expect(said['own']).toMatch(/^small \d+\nADMIN\nID_INVALID false Pass an id/);
    expect((await readdir(folder)).filter((name) => /^macs-50pct\.onnx$/.test(name))).toHaveLength(1);
  } finally {
    await server.stop();
  }
});

it('the client’s package is in the shape that bundlers, Node and TypeScript expect', async () => {
  const { messages } = await publint({ pkgDir: join(folder, 'node_modules', '@kneepoint', 'client'), strict: true });
  expect(messages).toEqual([]);
  const { types, ...analysis } = await checkPackage(createPackageFromTarballData(await readFile(tarball)));
  expect(types).toMatchObject({ kind: 'included' });
  const problems = 'problems' in analysis ? analysis.problems : [];
  // It is made of ES modules for a Node that knows `exports`, and says so.
  const older = ['CJSResolvesToESM', 'NoResolution'];
  expect(problems.filter(({ kind }) => !older.includes(kind))).toEqual([]);
});
