import type { Command } from 'commander';
import { interruptible } from '../interrupt.ts';
import { print, printJson } from '../output.ts';
import { compact } from '../render/number.ts';
import { table } from '../render/table.ts';
import { readSize } from './numbers.ts';
import { whyNot } from '../render/why-not.ts';

export function registerInspect(program: Command): void {
  program
    .command('inspect <file>')
    .description('what is in an ONNX file: parameters, multiply-accumulates, and which layers can be pruned')
    .option(
      '--size <HxW>',
      'height and width of images, or one number for both or for the length of what is no image, where the file leaves them free',
    )
    .option('--json', 'print JSON')
    .action(async (file: string, options: { json?: boolean; size?: string }) => {
      const { inspectModelFile, readPreprocessBeside } = await import('@kneepoint/extractor-service');
      const size = readSize(options.size) ?? (await readPreprocessBeside(file))?.size;
      const inspection = await interruptible((signal) => inspectModelFile(file, { signal, ...(size ? { size } : {}) }));
      const { parameters, macs, layers, taps, notes, input, inputs } = inspection;
      if (options.json) {
        return printJson({
          parameters,
          macs,
          layers: layers.map(({ name, op, filters, prunable, reason, frozenBy }) => ({
            ...{ name, op, filters, prunable, reason },
            ...(frozenBy ? { frozenBy } : {}),
          })),
          taps: taps.map(({ layer, channels }) => ({ layer, channels })),
          input,
          inputs,
          notes,
        });
      }
      print(
        `${compact(parameters)} parameters, ${compact(macs)} MACs for ${input ? `one image of ${input.channels} × ${input.height} × ${input.width}` : inputs.map(({ name, type, dims }) => `${name} ${type} [${dims.map((dim) => dim ?? '?').join(', ')}]`).join(', ')}\n`,
      );
      print(
        table(
          ['layer', 'op', 'filters', 'parameters', 'MACs', 'prunable'],
          layers.map((layer) => [
            layer.name,
            layer.op,
            String(layer.filters),
            compact(layer.parameters),
            compact(layer.macs),
            layer.prunable ? 'yes' : `no: ${whyNot(layer)}`,
          ]),
          ['left', 'left', 'right', 'right', 'right', 'left'],
        ),
      );
      for (const text of notes) print(`note: ${text}`);
    });
}
