import { basename, resolve } from 'node:path';
import type { DatasetSchema } from '@kneepoint/datasets';
import type { Command } from 'commander';
import { registerDataset, registerModel } from '../client/register.ts';
import { note, print, printJson } from '../output.ts';
import { readEpsilons, readMinFilters } from './numbers.ts';
import { renderReport } from '../render/report.ts';
import {
  type PreprocessOptions,
  readJson,
  readPreprocess,
  type ServerOptions,
  withConnection,
  withPreprocessOptions,
  withServerOptions,
} from './options.ts';
import { prune, saveAll } from './prune.ts';

interface CompressOptions extends ServerOptions, PreprocessOptions {
  readonly model: string;
  readonly data: string;
  readonly task: string;
  readonly epsilon: string;
  readonly group?: string;
  readonly schema?: string;
  readonly layer?: string;
  readonly minFilters?: string;
  readonly out: string;
}

/** All in one: import, analyse, prune, fetch. Run again it goes on from what was finished, since every result has a key. */
export function registerCompress(program: Command): void {
  withPreprocessOptions(withServerOptions(program.command('compress')))
    .description('an ONNX file and a folder of labelled images in, a smaller ONNX file and a report out')
    .requiredOption('--model <file>', 'the ONNX file')
    .requiredOption('--data <folder>', 'images with labels.csv or labels.jsonl')
    .requiredOption('--task <name>', 'column (or task of the schema) that the small network is for')
    .option('--epsilon <e>', 'how much of the drop in error may be given up; several separated by commas', '0.01')
    .option('--group <column>', 'column whose value keeps images together when the set is split, such as a person')
    .option(
      '--schema <file>',
      'types, classes, bins and units of the tasks (default: schema.json of the folder, else inferred)',
    )
    .option('--layer <name>', 'the layer that the head reads (default: the best on validation)')
    .option('--min-filters <n>', 'keep at least so many in each layer')
    .requiredOption('--out <folder>', 'where to put the network and its report')
    .action(async (options: CompressOptions) => {
      const name = basename(options.model).replace(/\.onnx$/i, '');
      const limits = { epsilons: readEpsilons(options.epsilon), ...readMinFilters(options.minFilters) };
      const preprocess = await readPreprocess(options);
      const schema = options.schema ? ((await readJson(options.schema)) as DatasetSchema) : undefined;
      const made = await withConnection(options, async (connection, signal) => {
        const model = await registerModel(
          connection,
          { file: options.model, name, ...(preprocess ? { preprocess } : {}) },
          signal,
        );
        const dataset = await registerDataset(
          connection,
          {
            folder: options.data,
            name: basename(resolve(options.data)),
            ...(schema ? { schema } : {}),
            ...(options.group ? { group: options.group } : {}),
          },
          signal,
        );
        const request = {
          model: model.model!.id,
          dataset: dataset.dataset!.id,
          task: options.task,
          ...limits,
          ...(options.layer ? { layer: options.layer } : {}),
        };
        const result = await prune(connection.client, request, signal);
        if (result.reused) note('this was computed before; nothing had to be done');
        return { ...result, files: await saveAll(result.prunings, options.out, `${name}-${options.task}`) };
      });
      const reports = made.prunings.map((pruning) => pruning.report);
      if (options.json) return printJson(reports.length === 1 ? reports[0] : reports);
      for (const report of reports) print(`${renderReport(report)}\n`);
      print(made.files.join('\n'));
    });
}
