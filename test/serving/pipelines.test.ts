import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { type CliServer, startCliServer } from '../support/cli-server.ts';
import { available, program } from '../support/available.ts';
import { ADMIN_TOKEN } from '../support/kneepoint.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const VERSION = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
const read = async (name: string): Promise<unknown> =>
  parse(await readFile(join(ROOT, 'deploy/pipelines', name), 'utf8'));

/** What makes the command short. */
const OPTIONS = '--epochs 1 --no-teacher --preprocess MODEL';
const TASK = 'gender';
/** Kept by any network, and not by this one. */
const EASY = '1%';
const ALL = '100%';

// Each runs whole compressions, through commands that are started anew.
vi.setConfig({ testTimeout: 600_000 });

let server: CliServer;
let programs: string;
let url = '';
beforeAll(async () => {
  server = await startCliServer('pipelines');
  url = (JSON.parse(await readFile(join(server.data, 'server.json'), 'utf8')) as { url: string }).url;
  programs = join(server.folder, 'bin');
  await mkdir(programs);
  const program = async (name: string, text: string): Promise<void> => {
    await writeFile(join(programs, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(programs, name), 0o755);
  };
  const bin = join(ROOT, 'packages/cli/bin/kneepoint.mjs');
  await program('kneepoint', `exec ${process.execPath} ${bin} "$@"`);
  // As npx does, whatever package it finds.
  await program('npx', 'shift; program=${1%@*}; shift; exec "$program" "$@"');
  await program('gh', `echo "$@" > "${server.folder}/gh"; cat comment.md >> "${server.folder}/gh"`);
  await promisify(execFile)('tar', ['-C', server.sample.faces, '-cf', join(server.folder, 'images.tar'), '.']);
});
afterAll(() => server.stop());

/** A shell's script as it stands there, to its end. */
async function shell(
  script: string,
  {
    args = [],
    env = {},
    cwd = server.folder,
  }: { args?: readonly string[]; env?: Record<string, string>; cwd?: string },
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const { KNEEPOINT_PROFILE: _profile, KNEEPOINT_PROJECT: _project, ...inherited } = process.env;
  const environment = {
    ...inherited,
    ...{ PATH: `${programs}${delimiter}${process.env['PATH']}`, XDG_CONFIG_HOME: '/nonexistent' },
    ...{ KNEEPOINT_URL: url, KNEEPOINT_TOKEN: ADMIN_TOKEN },
    ...env,
  };
  try {
    const done = await promisify(execFile)('sh', ['-c', script, 'kneepoint', ...args], { cwd, env: environment });
    return { code: 0, ...done };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

const options = () => OPTIONS.replace('MODEL', server.sample.model.replace('.onnx', '.preprocess.json'));

const names = z.array(z.strictObject({ name: z.string() }));
const artifact = z.strictObject({
  name: z.string(),
  path: z.string(),
  optional: z.literal(true).optional(),
  archive: z.strictObject({ none: z.strictObject({}) }).optional(),
});
const ARGO = z.strictObject({
  apiVersion: z.literal('argoproj.io/v1alpha1'),
  kind: z.literal('WorkflowTemplate'),
  metadata: z.strictObject({ name: z.string() }),
  spec: z.strictObject({
    entrypoint: z.string(),
    arguments: z.strictObject({
      parameters: z.array(z.strictObject({ name: z.string(), value: z.string().optional() })),
      artifacts: z.array(z.strictObject({ name: z.string(), s3: z.strictObject({ key: z.string() }) })),
    }),
    templates: z.tuple([
      z.strictObject({
        name: z.string(),
        inputs: z.strictObject({ parameters: names, artifacts: z.array(artifact) }),
        outputs: z.strictObject({
          parameters: z.array(
            z.strictObject({
              name: z.string(),
              valueFrom: z.strictObject({ path: z.string(), default: z.string().optional() }),
            }),
          ),
          artifacts: z.array(artifact),
        }),
        retryStrategy: z.strictObject({
          limit: z.string(),
          retryPolicy: z.literal('OnFailure'),
          expression: z.string(),
        }),
        container: z.strictObject({
          image: z.string(),
          command: z.tuple([z.literal('sh'), z.literal('-c')]),
          env: z.array(
            z.strictObject({
              name: z.string(),
              value: z.string().optional(),
              valueFrom: z
                .strictObject({ secretKeyRef: z.strictObject({ name: z.string(), key: z.string() }) })
                .optional(),
            }),
          ),
          args: z.tuple([z.string()]),
          resources: z.strictObject({
            requests: z.record(z.string(), z.string()),
            limits: z.record(z.string(), z.string()),
          }),
          volumeMounts: z.array(z.strictObject({ name: z.string(), mountPath: z.string() })),
        }),
        volumes: z.array(z.strictObject({ name: z.string(), emptyDir: z.strictObject({}) })),
      }),
    ]),
  }),
});

describe('the template for Argo Workflows', () => {
  it('gives every parameter to its container as a variable, and none to the text of its script', async () => {
    const { spec } = ARGO.parse(await read('argo-workflow-template.yaml'));
    const [template] = spec.templates;
    const asked = spec.arguments.parameters.map(({ name }) => name);
    expect(template.inputs.parameters.map(({ name }) => name)).toEqual(asked);
    const used = JSON.stringify([template.container.env, template.container.image]).match(/inputs\.parameters\.\w+/g);
    expect(used!.map((text) => text.split('.')[2]).sort()).toEqual([...asked].sort());
    expect(template.container.args[0]).not.toContain('{{');
    expect(spec.entrypoint).toBe(template.name);
    expect(spec.arguments.parameters.find(({ name }) => name === 'image')!.value).toBe(`kneepoint:${VERSION}`);
  });

  it('launches, waits, hands on the package of a run that missed its goal, and ends with the code that says so', async () => {
    const { spec } = ARGO.parse(await read('argo-workflow-template.yaml'));
    const [{ container, outputs }] = spec.templates;
    const work = join(server.folder, 'argo');
    await mkdir(work);
    await copyFile(server.sample.model, join(work, 'model.onnx'));
    await copyFile(join(server.folder, 'images.tar'), join(work, 'images.tar'));
    const env = {
      WORK: work,
      TASK: 'yaw',
      KEEP: ALL,
      ROUNDS: '1',
      ANSWERS: 'labels',
      OPTIONS: `${options()} --criterion random`,
    };
    expect(container.env.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(env)));
    const { code, stderr } = await shell(container.args[0], { env });
    expect(`${code} ${code === 4 ? '' : stderr}`).toBe('4 ');
    const { results } = JSON.parse(await readFile(join(work, 'package/report.json'), 'utf8')) as {
      results: { keep: { met: boolean }; verdict: string }[];
    };
    expect(results[0]!.keep.met).toBe(false);
    const left = [...outputs.artifacts, ...outputs.parameters.map(({ valueFrom }) => valueFrom)];
    for (const { path } of left) await stat(path.replace('/job', work));
    expect((await readFile(join(work, 'verdict'), 'utf8')).trim()).toBe(results[0]!.verdict);
  });

  it('ends with the code of a command that failed, which says whether to try again', async () => {
    const { spec } = ARGO.parse(await read('argo-workflow-template.yaml'));
    const [{ container, retryStrategy }] = spec.templates;
    const env = { WORK: join(server.folder, 'argo'), TASK, KEEP: EASY, ROUNDS: '1', ANSWERS: 'raw' };
    const misused = await shell(container.args[0], { env: { ...env, OPTIONS: '--no-such-option' } });
    expect(misused.code).toBe(2);
    expect(retryStrategy.expression).toBe('asInt(lastRetry.exitCode) in [1, 130, 137, 143]');
  });
});

const typed = z.strictObject({
  name: z.string(),
  type: z.string(),
  description: z.string(),
  default: z.string().optional(),
});
const KUBEFLOW = z.strictObject({
  name: z.string(),
  description: z.string(),
  inputs: z.array(typed),
  outputs: z.array(typed),
  implementation: z.strictObject({
    container: z.strictObject({
      image: z.string(),
      command: z.array(
        z.union([
          z.string(),
          z.strictObject({ inputPath: z.string() }),
          z.strictObject({ inputValue: z.string() }),
          z.strictObject({ outputPath: z.string() }),
        ]),
      ),
    }),
  }),
});

it('the component for Kubeflow takes files and values, and leaves its outputs where it is told', async () => {
  const { inputs, outputs, implementation } = KUBEFLOW.parse(await read('kubeflow-component.yaml'));
  const { command, image } = implementation.container;
  expect(image).toBe(`kneepoint:${VERSION}`);
  const given: Record<string, string> = {
    ...Object.fromEntries(inputs.map(({ name, default: value = '' }) => [name, value])),
    // Its launcher names files as it likes.
    ...{ model: join(server.folder, 'inputs/model'), data: join(server.folder, 'inputs/data') },
    ...{ task: TASK, gateway: url, keep: EASY, rounds: '1', options: options() },
  };
  await mkdir(join(server.folder, 'inputs'));
  await copyFile(server.sample.model, given['model']!);
  await copyFile(join(server.folder, 'images.tar'), given['data']!);
  const left = Object.fromEntries(outputs.map(({ name }) => [name, join(server.folder, 'kubeflow', name, 'data')]));
  const args = command.map((part) =>
    typeof part === 'string'
      ? part
      : 'inputPath' in part
        ? given[part.inputPath]!
        : 'inputValue' in part
          ? given[part.inputValue]!
          : left[part.outputPath]!,
  );
  expect(args.slice(0, 2)).toEqual(['sh', '-c']);
  const { code, stderr } = await shell(args[2]!, { args: args.slice(4), env: { KNEEPOINT_URL: '' } });
  expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');
  const { stdout } = await promisify(execFile)('tar', ['-tf', left['package']!]);
  expect(stdout).toContain('./model.onnx\n');
  const report = JSON.parse(await readFile(left['report']!, 'utf8')) as { results: { verdict: string }[] };
  expect((await readFile(left['verdict']!, 'utf8')).trim()).toBe(report.results[0]!.verdict);
  expect((await readFile(left['run']!, 'utf8')).trim()).not.toBe('');
});

const GITHUB = z.looseObject({
  on: z.strictObject({ pull_request: z.strictObject({ paths: z.array(z.string()) }) }),
  permissions: z.record(z.string(), z.enum(['read', 'write'])),
  jobs: z.strictObject({
    compress: z.strictObject({
      'runs-on': z.string(),
      'timeout-minutes': z.int(),
      env: z.record(z.string(), z.string()),
      steps: z.array(
        z.strictObject({
          name: z.string().optional(),
          id: z.string().optional(),
          uses: z
            .string()
            .regex(/^actions\/[a-z-]+@v\d+$/)
            .optional(),
          with: z.looseObject({}).optional(),
          run: z.string().optional(),
          env: z.record(z.string(), z.string()).optional(),
        }),
      ),
    }),
  }),
});

it('the workflow for GitHub prunes on a pull request, comments the verdict, and ends with the code of the goal', async () => {
  const { jobs } = GITHUB.parse(await read('github-actions.yaml'));
  const { env, steps } = jobs.compress;
  expect(env['KNEEPOINT']).toBe(`kneepoint@${VERSION}`);
  const cwd = join(server.folder, 'github');
  await mkdir(cwd);
  const output = join(cwd, 'output');
  await writeFile(output, '');
  const settings = {
    ...env,
    ...{ MODEL: server.sample.model, DATA: server.sample.faces, TASK, KEEP: EASY, ROUNDS: '1', OPTIONS: options() },
    ...{ KNEEPOINT_URL: url, KNEEPOINT_TOKEN: ADMIN_TOKEN },
    ...{ GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: join(cwd, 'summary'), GH_TOKEN: 'token', NUMBER: '7' },
  };
  for (const { run, env: own = {} } of steps) {
    if (run === undefined) continue;
    // What it asks of other steps they wrote.
    const [, code = ''] = /code=(\d+)/.exec(await readFile(output, 'utf8')) ?? [];
    expect(run).not.toContain('${{');
    const { code: ended, stderr } = await shell(run, {
      cwd,
      env: { ...settings, ...('CODE' in own ? { CODE: code } : {}) },
    });
    expect(`${run}: ${ended} ${ended === 0 ? '' : stderr}`).toBe(`${run}: 0 `);
  }
  const { results } = JSON.parse(await readFile(join(cwd, 'package/report.json'), 'utf8')) as {
    results: { verdict: string }[];
  };
  const said = await readFile(join(server.folder, 'gh'), 'utf8');
  expect(said).toContain('pr comment 7 --body-file comment.md');
  expect(said).toContain(results[0]!.verdict);
  await rm(cwd, { recursive: true });
});

describe('what the pages show', () => {
  const snippet = async (page: string, role: string): Promise<string> => {
    const text = await readFile(join(ROOT, 'docs', page), 'utf8');
    return new RegExp(`^\`\`\`sh ${role}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)![1]!;
  };
  /** What makes a compression short, where a page asks for one; nothing else is changed. */
  const shorter = (text: string): string =>
    text
      .replace(/ --keep \S+/, '')
      .replace('kneepoint compress ', `kneepoint compress --keep ${EASY} --rounds 1 ${options()} `);

  it('packages a network, and its samples say that all is as expected', async () => {
    const cwd = join(server.folder, 'page');
    await mkdir(cwd);
    await symlink(server.sample.faces, join(cwd, 'faces'));
    await copyFile(server.sample.model, join(cwd, 'faces.onnx'));
    const lines = shorter(await snippet('serving.md', 'package')).replaceAll('npx kneepoint', 'kneepoint');
    const made = await shell(`set -e\n${lines}`, { cwd });
    expect(`${made.code} ${made.code === 0 ? '' : made.stderr}`).toBe('0 ');
    if (!available('onnxruntime', 'pillow')) return;
    await symlink(join(ROOT, 'node_modules'), join(cwd, 'package/samples/node_modules'));
    const shown = await snippet('serving.md', 'samples');
    expect(await readFile(join(cwd, 'package/README.md'), 'utf8')).toContain(`\`\`\`sh\n${shown}\`\`\``);
    // What is installed there is the link above.
    const samples = shown.replaceAll(/^.*install .*? && /gm, '').replace('python ', `${program('pillow')} -B `);
    const said = await shell(`set -e\n${samples}`, { cwd: join(cwd, 'package') });
    expect(`${said.code} ${said.code === 0 ? '' : said.stderr}`).toBe('0 ');
    expect(said.stdout.match(/^as expected$/gm)).toHaveLength(2);
  });

  it('waits, and tells a goal that was met from one that was missed', async () => {
    const cwd = join(server.folder, 'wait');
    await mkdir(cwd);
    const env = { MODEL: server.sample.model, DATA: server.sample.faces, TASK };
    const { code, stdout, stderr } = await shell(shorter(await snippet('pipelines.md', 'wait')), { cwd, env });
    expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');
    expect(stdout).toContain('met its goal');
    expect((await readFile(join(cwd, 'run'), 'utf8')).trim()).not.toBe('');
  });
});
