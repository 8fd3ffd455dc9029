import type { Command } from 'commander';
import { interruptible } from '../interrupt.ts';
import { note, print } from '../output.ts';

interface FacesOptions {
  readonly count: string;
  readonly seed: string;
  readonly size: string;
  readonly persons?: string;
  readonly wild?: boolean;
}

export function registerFaces(program: Command): void {
  program
    .command('faces <folder>')
    .description('render synthetic faces with ground truth for seven tasks')
    .option('--count <n>', 'how many', '1000')
    .option('--seed <n>', 'the same seed gives the same faces', '1')
    .option('--size <pixels>', 'width and height', '64')
    .option('--persons <n>', 'how many people they show: 8 or more (default: 32)')
    .option('--wild', 'blurred and cropped unevenly too, with pitch and valence among the tasks')
    .action(async (folder: string, options: FacesOptions) => {
      const { renderFaces } = await import('@kneepoint/datasets');
      const count = Number(options.count);
      const persons = options.persons === undefined ? {} : { persons: Number(options.persons) };
      await interruptible((signal) =>
        renderFaces({
          ...{ folder, count, seed: Number(options.seed), size: Number(options.size), ...persons, signal },
          wild: options.wild === true,
        }),
      );
      note(`${count} faces`);
      print(folder);
    });
}
