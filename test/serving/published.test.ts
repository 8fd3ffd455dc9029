import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { available, program } from '../support/available.ts';

const run = promisify(execFile);
const PIPELINES = join(import.meta.dirname, '../../deploy/pipelines');
const hasPlatforms = available('platforms');

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'kneepoint-published-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The file, and the same with one word of it replaced by another. */
async function withMistake(name: string, right: string, wrong: string): Promise<{ own: string; mistaken: string }> {
  const own = join(PIPELINES, name);
  const text = await readFile(own, 'utf8');
  expect(text).toContain(right);
  const mistaken = join(folder, name);
  await writeFile(mistaken, text.replace(right, wrong));
  return { own, mistaken };
}

describe.skipIf(!hasPlatforms)('what the platform publishes about its files', () => {
  const python = (...args: readonly string[]) =>
    run(join(dirname(program('platforms')), 'python'), ['-B', join(import.meta.dirname, 'published.py'), ...args]);

  it.each([
    ['argo', 'argo-workflow-template.yaml', 'retryPolicy', 'retryPolicies'],
    ['kubeflow', 'kubeflow-component.yaml', 'inputPath: model', 'inputPath: network'],
  ])('takes the file for %s, and would not take another', async (what, name, right, wrong) => {
    const { own, mistaken } = await withMistake(name, right, wrong);
    expect((await python(what, own)).stdout).toBe(`${what}: as published\n`);
    await expect(python(what, mistaken)).rejects.toMatchObject({ code: 1 });
  });
});

it.skipIf(!available('actionlint'))('the workflow for GitHub is one by actionlint', async () => {
  const { own, mistaken } = await withMistake('github-actions.yaml', 'steps.compress.outputs', 'steps.prune.outputs');
  await run(program('actionlint'), [own]);
  await expect(run(program('actionlint'), [mistaken])).rejects.toMatchObject({ code: 1 });
});
