import { chmod, mkdir, mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { download, type KneepointClient, ReportFileDocument } from '@kneepoint/client/node';
import type { RemoteDataset } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import type { Report, ReportResult } from '@kneepoint/workflow';
import type { Command } from 'commander';
import { findRun } from '../client/lookup.ts';
import { openRemote } from '../client/remote-dataset.ts';
import { print, printJson } from '../output.ts';
import { oneOf, readNumber } from './numbers.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';
import { ANSWERS_HELP } from './prune.ts';

interface PackageOptions extends ServerOptions {
  readonly label?: string;
  readonly answers?: string;
  readonly testImages: string;
  readonly storageUri?: string;
  readonly out: string;
}

/** Images of the test part that go along. */
const TEST_IMAGES = '10';
const MOST_TEST_IMAGES = 100;

export function registerPackage(program: Command): void {
  withServerOptions(program.command('package <run>'))
    .description(
      'a network of a run with all that it is deployed with: sample code, test images, model card, files for Triton and KServe',
    )
    .option(
      '--label <name>',
      'which of the results of the run, such as keep-99pct, macs-80pct or 0.01 (default: the only one)',
    )
    .option('--answers <kind>', ANSWERS_HELP)
    .option(
      '--test-images <n>',
      'images of the test part that go along, with what is expected of them; 0 for none',
      TEST_IMAGES,
    )
    .option('--storage-uri <uri>', 'where the folder `triton` will lie for KServe, such as s3://bucket/folder/triton')
    .requiredOption('--out <folder>', 'a folder that is not there yet, or empty')
    .action(async (run: string, options: PackageOptions) => {
      const { testImages = 0 } = readNumber('testImages', '--test-images', options.testImages, {
        code: 'PLAN_OPTION_INVALID',
      });
      if (testImages > MOST_TEST_IMAGES) {
        throw new Failure('PLAN_OPTION_INVALID', `--test-images is ${testImages}`, {
          where: '--test-images',
          fix: `At most ${MOST_TEST_IMAGES}: they are to try the network with.`,
        });
      }
      const { buildPackage, readAnswerKind } = await import('@kneepoint/deployment');
      const asked = readAnswerKind(options.answers, { trained: true });
      const written = await withConnection(options, async ({ client }, signal) => {
        const report = await reportOf(client, (await findRun(client, run)).id);
        const result = pick(report, options.label);
        const answers = readAnswerKind(asked, { trained: result.delivered.scores === 'logits' });
        return intoFolder(options.out, async (folder) => {
          await download(client, result.delivered.sha256, join(folder, 'model.onnx'), { signal });
          const dataset = testImages === 0 ? undefined : await openDataset(client, report.dataset.sha256, signal);
          const { storageUri } = options;
          return buildPackage({
            ...{ report, result, answers, folder, testImages, storageUri, signal },
            ...(dataset ? { dataset } : {}),
          });
        });
      });
      const paths = written.map((name) => join(options.out, name));
      if (options.json) return printJson({ folder: options.out, files: written });
      print(paths.join('\n'));
    });
}

async function reportOf(client: KneepointClient, id: string): Promise<Report> {
  const { run } = await client.query(ReportFileDocument, { id });
  if (run?.report) return client.downloadJson<Report>(run.report.file);
  throw new Failure('DEPLOYMENT_NOTHING', 'the run has no report', {
    where: id,
    fix: 'Name a run of compress or prune that has succeeded; `kneepoint runs` lists them.',
  });
}

function pick({ results }: Report, label: string | undefined): ReportResult {
  const labels = results.map((result) => result.label);
  if (label === undefined && results.length > 1) {
    throw new Failure('DEPLOYMENT_NOTHING', `the run has ${results.length} results`, {
      where: '--label',
      fix: `Choose one of: ${labels.join(', ')}.`,
    });
  }
  const wanted = label === undefined ? labels[0]! : oneOf('--label', label, labels, 'DEPLOYMENT_NOTHING');
  return results.find((result) => result.label === wanted)!;
}

async function openDataset(client: KneepointClient, sha256: string, signal: AbortSignal): Promise<RemoteDataset> {
  const dataset = await openRemote(client, sha256, signal);
  if (dataset) return dataset;
  throw new Failure('DEPLOYMENT_MISMATCH', 'the data set of the run is not in the store any more', {
    where: sha256,
    fix: 'Leave test images out: --test-images 0.',
  });
}

/** A folder that appears whole or not at all. Throws DEPLOYMENT_FOLDER where there is something. */
async function intoFolder<T>(out: string, fill: (folder: string) => Promise<T>): Promise<T> {
  const there = await readdir(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new Failure('DEPLOYMENT_FOLDER', `${error.code}`, { where: out, fix: 'Name a folder.', cause: error });
  });
  if (there !== undefined && there.length > 0) {
    throw new Failure('DEPLOYMENT_FOLDER', 'there is something in the folder', {
      where: out,
      fix: 'Name one that is not there yet, or empty.',
    });
  }
  const parent = dirname(resolve(out));
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, `.${basename(resolve(out))}-`));
  try {
    const made = await fill(folder);
    // As any folder is made; a temporary one is its maker's alone.
    await chmod(folder, 0o777 & ~process.umask());
    if (there) await rmdir(out);
    await rename(folder, out);
    return made;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
