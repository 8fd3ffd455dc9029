import { runTask } from '../task/run-task.ts';
import type { Behaviour } from './behave.task.ts';

/** A program that runs the behaviour named by its argument and prints the id of the process that does it, in the folder TMPDIR. */
const how = process.argv[2] as Behaviour['how'];
await runTask<Behaviour, unknown>(
  new URL('./behave.task.ts', import.meta.url),
  { how },
  {
    timeoutMs: 60_000,
    onProgress: ({ done }) => process.stdout.write(`${done}\n`),
  },
);
