import { createHash } from 'node:crypto';
import { copyFile, link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RemoteDataset } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { decodeModel } from '@kneepoint/onnx';
import { runTask } from '@kneepoint/runtime';
import { type AnswerKind, labelsOf, type Report, type ReportResult } from '@kneepoint/workflow';
import { answerFile } from '../answers/answer-file.ts';
import { networkFacts } from '../network/network-facts.ts';
import type { Expected, ExpectTaskInput } from '../tasks/expect.task.ts';
import { configOf, type DeploymentConfig } from './config.ts';
import { inferenceService } from './kserve.ts';
import { modelCard } from './model-card.ts';
import { sampleFiles } from './sample-files.ts';
import { slug } from './slug.ts';
import { labelsFile, type TestImage, testImages } from './test-images.ts';
import { tritonConfig, tritonLabels } from './triton.ts';

export interface PackageRequest {
  readonly report: Report;
  readonly result: ReportResult;
  readonly answers: AnswerKind;
  /** An empty folder, in which model.onnx lies as it was delivered. */
  readonly folder: string;
  /** Absent where no images are wanted. */
  readonly dataset?: RemoteDataset;
  readonly testImages: number;
  readonly storageUri?: string | undefined;
  /** Of a process that runs the network, in MB. Default: 8192. */
  readonly memoryMb?: number;
  readonly signal?: AbortSignal;
}

const EXPECT = new URL('../tasks/expect.task.ts', import.meta.url);
const MEMORY_MB = 8192;
const TIMEOUT_MS = 600_000;

/**
 * Lays all that a network is deployed with beside it: what it is, how it is fed and read, sample code, test images with what is expected of
 * them, files for servers, a model card, and the sums of all. Everything follows from the report and the file. Resolves with the paths, in
 * the order of their names.
 */
export async function buildPackage(request: PackageRequest): Promise<readonly string[]> {
  const { report, result, answers, folder, signal } = request;
  const path = join(folder, 'model.onnx');
  const rawPath = join(folder, 'raw.onnx');
  if (answers !== 'raw') {
    await copyFile(path, rawPath);
    await answerFile(path, answers, signal);
  }
  const model = decodeModel(await readFile(path));
  const facts = networkFacts(model);
  const config = configOf(model, slug(report.model.name, ...facts.tasks.map(({ name }) => name), result.label));
  const write = async (name: string, contents: string | Buffer): Promise<void> => {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), contents);
  };
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  await write('report.json', json({ ...report, results: [result] }));
  await write('config.json', json(config));
  await write('model.preprocess.json', json(facts.preprocess));
  const names = labelsOf(facts.tasks);
  if (names) await write('labels.txt', `${names.map((name) => name.replaceAll(/\s*[\r\n]+\s*/g, ' ')).join('\n')}\n`);
  for (const [name, text] of Object.entries(await sampleFiles())) await write(`samples/${name}`, text);
  const images = await withImages(request, config);
  for (const { file, bytes } of images) await write(`test/${file}`, bytes);
  if (images.length > 0) {
    await write('test/labels.jsonl', labelsFile(images, config.tasks, facts.tasks));
    const expected = await runTask<ExpectTaskInput, Expected>(
      EXPECT,
      {
        ...{ path, folder: join(folder, 'test'), images: images.map(({ file, labels }) => ({ file, labels })) },
        ...(answers === 'raw' ? {} : { rawPath }),
      },
      { memoryMb: request.memoryMb ?? MEMORY_MB, timeoutMs: TIMEOUT_MS, ...(signal ? { signal } : {}) },
    );
    await write('test/expected.json', json(expected));
  }
  await rm(rawPath, { force: true });
  await write(
    'README.md',
    modelCard({ report, result, config, testImages: images.length, bytes: (await stat(path)).size }),
  );
  const repository = `triton/${config.name}`;
  await write(`${repository}/config.pbtxt`, tritonConfig(config));
  for (const [name, text] of Object.entries(tritonLabels(config))) await write(`${repository}/${name}`, text);
  await mkdir(join(folder, repository, '1'), { recursive: true });
  const served = join(folder, repository, '1', 'model.onnx');
  // The same bytes once on the disk, where it can have them under two names.
  await link(path, served).catch(() => copyFile(path, served));
  await write('kserve/inference-service.yaml', inferenceService(config, request.storageUri));
  return [...(await writeSums(folder)), 'SHA256SUMS'];
}

async function withImages(request: PackageRequest, { tasks }: DeploymentConfig): Promise<readonly TestImage[]> {
  const { report, dataset, testImages: count } = request;
  if (!dataset || count === 0) return [];
  const specs = tasks.map(({ name }) => {
    const found = dataset.manifest.tasks.find((task) => task.name === name);
    if (found) return found;
    throw new Failure('DEPLOYMENT_MISMATCH', `the data set has no task "${name}"`, {
      where: report.dataset.sha256,
      fix: 'Leave test images out: --test-images 0.',
    });
  });
  const { seed, test } = report.split;
  return testImages(dataset, { tasks: specs, preprocess: report.preprocess, seed, test, count });
}

/** SHA256SUMS of every file of the folder, as `sha256sum` writes and checks it. */
async function writeSums(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  const lines = await Promise.all(
    files.map(async (file) => {
      const sum = createHash('sha256')
        .update(await readFile(join(folder, file)))
        .digest('hex');
      return `${sum}  ${file}\n`;
    }),
  );
  await writeFile(join(folder, 'SHA256SUMS'), lines.join(''));
  return files;
}
