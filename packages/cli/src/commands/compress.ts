import { basename, join } from 'node:path';
import {
  type CompressionArm,
  type KneepointClient,
  LaunchCompressionDocument,
  type LaunchCompressionInput,
} from '@kneepoint/client';
import type { Command } from 'commander';
import type { Report, ReportResult } from '@kneepoint/workflow';
import { launch } from '../client/launch.ts';
import { nameOfSource, registerDataset, registerModel } from '../client/register.ts';
import { compressionsOf, type MadeView, reportOf } from '../client/runs.ts';
import { followTrainings } from '../client/trainings.ts';
import { note, print, printJson } from '../output.ts';
import { writeTextFile } from '../write-text-file.ts';
import { oneOf, readBatch } from './numbers.ts';
import { goalOf, renderResult } from '../render/report.ts';
import { renderSpread, spreadReports } from '../render/trials.ts';
import {
  type PreprocessOptions,
  readPreprocess,
  type ServerOptions,
  withConnection,
  withPreprocessOptions,
  withServerOptions,
} from './options.ts';
import { type PlanFlags, readCriterion, readNames, readPlanRequest, readTasks, withPlanFlags } from './plan-options.ts';
import { ANSWERS_HELP, saveAll, wantedBy } from './prune.ts';
import { type DataFlags, readDataOptions, withDataOptions } from './data-options.ts';
import { readCompressGoals, readSearch, readTrials } from './compress-goals.ts';
import { readRunDetails, type RunDetailFlags, withRunDetails } from './run-details.ts';
import { readTraining, type TrainingOptions, withTrainingOptions } from './training-options.ts';

interface CompressOptions
  extends ServerOptions, PreprocessOptions, TrainingOptions, PlanFlags, DataFlags, RunDetailFlags {
  readonly model: string;
  readonly data: string;
  readonly task: string;
  readonly arms: string;
  readonly compare?: string;
  readonly keep?: string;
  readonly within?: string;
  readonly rounds?: string;
  readonly splitSeed?: string;
  readonly trials?: string;
  readonly batch?: string;
  readonly quantize?: string;
  readonly answers?: string;
  readonly requireGoal?: boolean;
  readonly runFile?: string;
  /** False for --no-teacher. */
  readonly teacher: boolean;
  readonly out: string;
}

/** Of a command that was told to require its goal. */
const GOAL_MISSED_EXIT = 4;

/** Whether a network keeps what it was to keep; a target beside that is how small is small enough. Else whether it is as small as it was to be. */
const meetsGoal = ({ keep, target }: Pick<ReportResult, 'keep' | 'target'>): boolean =>
  keep ? keep.met : target === null || target.reached <= target.atMost;

/** What the command calls the arms, and what the gateway calls them. */
const ARMS: Readonly<Record<string, CompressionArm>> = {
  finetuned: 'FINETUNED',
  scratch: 'SCRATCH',
  head: 'HEAD_ONLY',
  unpruned: 'UNPRUNED',
};

/** All in one: import, analyse, prune, train, compare, fetch. Run again it goes on from what was finished, since every result has a key. */
export function registerCompress(program: Command): void {
  const command = withPreprocessOptions(withRunDetails(withServerOptions(program.command('compress'))));
  withTrainingOptions(withDataOptions(withPlanFlags(command, { several: true })))
    .description('an ONNX file and a folder of labelled images in, a smaller ONNX file and a report out')
    .requiredOption('--model <file>', 'the ONNX file')
    .requiredOption(
      '--data <source>',
      'labelled images, a folder or a tar, tar.gz or zip of one: one folder per class, labels.csv, or another layout of docs/data.md',
    )
    .requiredOption(
      '--task <names>',
      'column (or task of the schema) that the small network is for; several in one head separated by commas',
    )
    .option(
      '--arms <names>',
      'what is trained and compared: finetuned, scratch (same architecture, fresh weights), head (nothing pruned, only the head), unpruned; or none',
      'finetuned,unpruned',
    )
    .option(
      '--keep <share>',
      'search the smallest network that keeps this much of the whole one finetuned, such as 99%; with --target, none smaller than that (default without --epsilon and --target: 99%)',
    )
    .option(
      '--within <x>',
      'the same, but how much worse it may be in the unit of the metric (0.01 of an accuracy is one point)',
    )
    .option('--rounds <n>', 'networks that such a search trains at most (default: 6)')
    .option('--no-teacher', 'train pruned networks on labels alone, not on the answers of the whole one finetuned')
    .option('--batch <b>', 'of the written files: free, or a number (default: as the original)')
    .option('--quantize <kind>', 'int8: turn what is delivered into whole numbers, as far as validation bears it')
    .option('--answers <kind>', ANSWERS_HELP)
    .option('--split-seed <n>', 'seed of the partition into training, validation and test images (default: 1)')
    .option(
      '--trials <n>',
      'partitions, one seed after the other, over which figures are given as mean and spread (default: 1, with bootstrap intervals)',
    )
    .option('--compare <criteria>', 'cut by these criteria too, at equal MACs, and set them side by side: l1,random,…')
    .option('--require-goal', 'end with code 4 where the goal was not met; the network is written all the same')
    .option('--run-file <file>', 'where to write the id of the run, for commands that follow')
    .requiredOption('--out <folder>', 'where to put the network and its report')
    .action(async (options: CompressOptions) => {
      const name = basename(options.model).replace(/\.onnx$/i, '');
      const compare = options.compare === undefined ? [] : readNames(options.compare).map(criterion);
      const arms = readArms(options.arms);
      const goals = readCompressGoals(options, arms);
      const seeds = readTrials(options);
      const limits = { ...goals, ...readSearch(options) };
      const plan = { ...readTasks(options.task), ...readPlanRequest(options) };
      if (goals.keep && options.keep === undefined && options.within === undefined) {
        note(
          'the smallest network that keeps 99 % of the whole one finetuned is searched; --keep, --target and --epsilon ask for others',
        );
      }
      const training = readTraining(options);
      const details = readRunDetails(options);
      const batch = readBatch(options.batch);
      const quantize = readQuantization(options.quantize);
      const { readAnswerKind } = await import('@kneepoint/deployment');
      const answers = readAnswerKind(options.answers, { trained: arms.includes('FINETUNED') });
      const preprocess = await readPreprocess(options, options.model);
      const data = await readDataOptions(options);
      const made = await withConnection(options, async (connection, signal) => {
        const model = await registerModel(
          connection,
          { file: options.model, name, ...(preprocess ? { preprocess } : {}) },
          signal,
        );
        const dataset = await registerDataset(
          connection,
          {
            source: options.data,
            name: nameOfSource(options.data),
            ...data,
          },
          signal,
        );
        const request = {
          model: model.model!.id,
          dataset: dataset.dataset!.id,
          plan,
          ...limits,
          arms,
          ...(compare.length === 0 ? {} : { compare }),
          ...(quantize ? { quantize } : {}),
          ...(batch === undefined ? {} : { batch: String(batch) }),
          training,
          ...details,
        };
        const stem = `${name}-${readNames(options.task).join('+')}`;
        const trials: Report[] = [];
        const files: string[] = [];
        for (const [trial, splitSeed] of seeds.entries()) {
          if (seeds.length > 1) note(`partition ${trial + 1} of ${seeds.length}, seed ${splitSeed}`);
          const own = seeds.length === 1 ? request : { ...request, splitSeed };
          const { runId, reused, made: found } = await compress(connection.client, own, signal);
          if (options.runFile !== undefined && trial === 0) await writeTextFile(options.runFile, `${runId}\n`);
          if (reused) note('this was computed before; nothing had to be done');
          const folder = trial === 0 ? options.out : join(options.out, `trial-${trial + 1}`);
          files.push(...(await saveAll(connection.client, found, folder, stem, { answers, signal })));
          trials.push(reportOf(found));
        }
        return { trials, files };
      });
      if (options.requireGoal && !made.trials.every(({ results }) => results.every(meetsGoal)))
        process.exitCode = GOAL_MISSED_EXIT;
      const [report, ...others] = made.trials;
      if (report && others.length === 0) {
        if (options.json) return printJson(report);
        for (const result of report.results) print(`${renderResult(result, report)}\n`);
        return print(made.files.join('\n'));
      }
      return printTrials(made, seeds, options);
    });
}

/** A compression to its end, with a line for each epoch. */
export async function compress(
  client: KneepointClient,
  request: LaunchCompressionInput,
  signal: AbortSignal,
): Promise<{ readonly runId: string; readonly reused: boolean; readonly made: MadeView }> {
  const launched = await launch(client, LaunchCompressionDocument, request);
  const run = await followTrainings(client, launched.run, `compress for ${wantedBy(request)}`, signal);
  return { runId: run.id, reused: run.reused, made: await compressionsOf(client, run.id) };
}

/** What several partitions have in common, into `trials.json` and to the terminal. */
async function printTrials(
  { trials, files }: { readonly trials: readonly Report[]; readonly files: readonly string[] },
  seeds: readonly number[],
  { out, json }: Pick<CompressOptions, 'out' | 'json'>,
): Promise<void> {
  const spread = spreadReports(
    trials.map(({ results }) => results),
    goalOf,
  );
  const path = join(out, 'trials.json');
  await writeTextFile(path, `${JSON.stringify({ seeds, spread }, null, 2)}\n`);
  if (json) return printJson({ seeds, spread, trials });
  const given = trials.find(({ split }) => split.given !== null)?.split.given;
  if (given) note(`the data set brings its split (${given}): seeds draw only what that leaves open`);
  for (const report of spread) print(`${renderSpread(report)}\n`);
  print([...files, path].join('\n'));
}

const criterion = (name: string) => readCriterion('--compare', name);

/** Throws TRAINING_OPTION_INVALID. */
function readArms(text: string): readonly CompressionArm[] {
  if (text.trim() === 'none') return [];
  return text.split(',').map((name) => ARMS[oneOf('--arms', name.trim(), Object.keys(ARMS))]!);
}

const QUANTIZATIONS: Readonly<Record<string, NonNullable<LaunchCompressionInput['quantize']>>> = { int8: 'INT8' };

/** Throws TRAINING_OPTION_INVALID. */
function readQuantization(kind: string | undefined): LaunchCompressionInput['quantize'] {
  return kind === undefined ? undefined : QUANTIZATIONS[oneOf('--quantize', kind, Object.keys(QUANTIZATIONS))];
}
