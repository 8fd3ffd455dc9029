import type { Command } from 'commander';
import { interruptible } from '../interrupt.ts';
import { note, print } from '../output.ts';

export function registerFaces(program: Command): void {
  program
    .command('faces <folder>')
    .description('render synthetic faces with ground truth for seven tasks')
    .option('--count <n>', 'how many', '1000')
    .option('--seed <n>', 'the same seed gives the same faces', '1')
    .option('--size <pixels>', 'width and height', '64')
    .action(async (folder: string, options: { count: string; seed: string; size: string }) => {
      const { renderFaces } = await import('@kneepoint/datasets');
      const count = Number(options.count);
      await interruptible((signal) =>
        renderFaces({ folder, count, seed: Number(options.seed), size: Number(options.size), signal }),
      );
      note(`${count} faces`);
      print(folder);
    });
}
