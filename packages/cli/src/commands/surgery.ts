import { Failure } from '@kneepoint/failures';
import type { Command } from 'commander';
import { writeBeside } from '../client/beside.ts';
import { interruptible } from '../interrupt.ts';
import { print, printJson } from '../output.ts';
import { change, compact } from '../render/number.ts';
import { proofLine } from '../render/proof.ts';
import { table } from '../render/table.ts';
import { readBatch, readNumber, readSize } from './numbers.ts';

interface SurgeryOptions {
  readonly criterion: string;
  readonly ratio: string;
  readonly seed: string;
  readonly roundTo?: string;
  readonly size?: string;
  readonly batch?: string;
  readonly out: string;
  readonly json?: boolean;
}

export function registerSurgery(program: Command): void {
  program
    .command('surgery <file>')
    .description('prune a file by a criterion that needs no data, prove it, write it; no server, no images')
    .option('--criterion <name>', 'l1 or random', 'l1')
    .option('--ratio <r>', 'share of the prunable channels to remove', '0.5')
    .option('--round-to <n>', 'keep a multiple of so many in each layer, or all it has (default: 4)')
    .option(
      '--size <HxW>',
      'height and width of images, or one number for both or for the length of what is no image, where the file leaves them free',
    )
    .option('--batch <b>', 'of the written file: free, or a number (default: as the original)')
    .option('--seed <n>', 'of the random criterion and of the proof', '1')
    .requiredOption('--out <file>', 'where to write the smaller network')
    .option('--json', 'print JSON')
    .action(async (file: string, options: SurgeryOptions) => {
      const ratio = Number(options.ratio);
      const seed = Number(options.seed);
      if (!(ratio > 0 && ratio < 1))
        throw new Failure('RATIO_INVALID', `the ratio is ${options.ratio}`, {
          where: '--ratio',
          fix: 'Pass a number greater than 0 and less than 1.',
        });
      if (!Number.isInteger(seed))
        throw new Failure('SEED_INVALID', `the seed is ${options.seed}`, { where: '--seed', fix: 'Pass an integer.' });
      const limits = readNumber('roundTo', '--round-to', options.roundTo, { least: 1, code: 'PLAN_OPTION_INVALID' });
      const batch = readBatch(options.batch);
      const { declaredPreprocess } = await import('@kneepoint/extractor-service');
      const size = readSize(options.size) ?? (await declaredPreprocess(file))?.size;
      const form = { ...(size ? { size } : {}), ...(batch === undefined ? {} : { batch }) };
      const { surgeryFile } = await import('@kneepoint/pruner-service');
      const { criterion, out } = options;
      const { before, after, proof, layers, roundTo, notes } = await interruptible((signal) =>
        surgeryFile({ path: file, criterion, ratio, seed, ...limits, ...form, out, signal }),
      );
      const { labelsOfFile } = await import('@kneepoint/extractor-service');
      const beside = await writeBeside(out, {
        preprocess: await declaredPreprocess(file),
        labels: await labelsOfFile(file),
      });
      if (options.json) return printJson({ before, after, proof, ...(notes.length > 0 ? { notes } : {}) });
      print(
        table(
          ['', 'before', 'after', 'change'],
          (['parameters', 'macs', 'bytes'] as const).map((key) => [
            key,
            compact(before[key]),
            compact(after[key]),
            change(after[key], before[key]),
          ]),
          ['left', 'right', 'right', 'right'],
        ),
      );
      for (const layer of layers.filter((candidate) => candidate.reason))
        print(`${layer.name} was left alone: ${layer.reason}`);
      for (const { name, kept, filters } of layers.filter(
        (layer) => layer.reason === null && layer.kept % roundTo !== 0,
      ))
        print(`${name} keeps ${kept} of ${filters}: its channels allow no multiple of ${roundTo}`);
      for (const text of notes) print(`note: ${text}`);
      print(`\n${proofLine(proof)}\n${[options.out, ...beside].join('\n')}`);
    });
}
