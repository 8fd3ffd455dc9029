import { Command, CommanderError } from 'commander';
import { prepareCompletion } from './commands/completion.ts';
import { addExamples } from './commands/examples.ts';
import { COMMANDS } from './commands/registry.ts';
import { Interrupted, INTERRUPTED_EXIT } from './interrupt.ts';
import { withMeant } from './meant.ts';
import { note, printFailure } from './output.ts';

/** Exit codes: 1 the work failed, 2 the command was misused, 3 a cut found nothing to cut, 4 a goal that was required was not met (compress), 130 interrupted. */
const EXIT = { failed: 1, misused: 2, nothing: 3, interrupted: INTERRUPTED_EXIT } as const;

/** Runs the command line and sets the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // GraphQL checks every value of every answer twice unless it is told that nobody develops it here.
  process.env['NODE_ENV'] ??= 'production';
  // Whoever reads has read enough, as `head` has: nothing is wrong.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  const program = new Command('kneepoint')
    .description('Find the filters of an ONNX network that a task needs, and ship only those.')
    .version('0.1.0')
    .showHelpAfterError('(add --help for the options)')
    .configureOutput({ outputError: (text, write) => write(withMeant(text)) })
    .exitOverride()
    .enablePositionalOptions();
  for (const register of COMMANDS) register(program);
  addExamples(program);
  try {
    await prepareCompletion(argv);
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = exitCodeOf(error, argv.includes('--json'));
  }
}

function exitCodeOf(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.misused;
  if (error instanceof Interrupted) {
    note('interrupted; what was finished is kept, run the same command again to go on');
    return EXIT.interrupted;
  }
  return printFailure(error, json) === 'SURGERY_CUT_NOTHING' ? EXIT.nothing : EXIT.failed;
}
