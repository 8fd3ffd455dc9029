import type { Argument, Complete } from '@bomb.sh/tab';
import tab from '@bomb.sh/tab/commander';
import {
  createClient,
  DatasetsDocument,
  type KneepointClient,
  ModelsDocument,
  nodesOf,
  RunsDocument,
} from '@kneepoint/client';
import type { Command } from 'commander';
import { findAccess } from '../client/access.ts';
import { findRunning } from '../client/find-running.ts';
import { SHORT } from '../client/lookup.ts';

/** Names of what a gateway has, by the argument of a command that takes one. */
type Known = Readonly<Record<string, readonly (readonly [value: string, description: string])[]>>;

/** Nobody waits longer for a suggestion. */
const WAIT_MS = 800;
/** Names that are suggested of each kind. */
const MOST = 100;

/**
 * `completion SHELL`, which prints what a shell has to be told once, and what it then asks at each Tab. Registered last: it reads all other
 * commands.
 */
export function registerCompletion(program: Command): void {
  const completion = tab(program, { completionCommandName: 'completion' });
  program.commands
    .find((command) => command.name() === 'completion')!
    .description('print what makes a shell complete commands, options and names: bash, zsh, fish or powershell');
  for (const command of completion.commands.values()) {
    for (const argument of command.arguments.values()) {
      // The names are there by then: `prepareCompletion` has asked for them.
      argument.handler ??= (complete) => suggest(argument, complete);
    }
  }
}

let known: Known = {};

/**
 * Asks for the names that may be meant, where a gateway is named or one serves the data folder: none is started for it. Whatever goes wrong,
 * commands and options are completed all the same.
 */
export async function prepareCompletion(argv: readonly string[]): Promise<void> {
  if (argv[2] !== 'complete') return;
  const words = argv.slice(argv.indexOf('--') + 1);
  const given = (option: string): string | undefined => {
    const at = words.findIndex((word) => word === option || word.startsWith(`${option}=`));
    return words[at] === option ? words[at + 1] : words[at]?.slice(option.length + 1);
  };
  const [url, profile] = [given('--url'), given('--profile')];
  try {
    const access =
      (await findAccess({ ...(url ? { url } : {}), ...(profile ? { profile } : {}) })) ??
      (await findRunning(given('--data-dir') ?? process.env.KNEEPOINT_DATA_DIR ?? '.kneepoint'));
    if (access) known = await namesOf(createClient({ ...access, webSocket: null }));
  } catch {
    // No suggestion is better than an error in the middle of a line that somebody types.
  }
}

async function namesOf(client: KneepointClient): Promise<Known> {
  const options = { timeoutMs: WAIT_MS };
  const page = { first: MOST };
  const [models, datasets, runs] = await Promise.all([
    client.query(ModelsDocument, page, options),
    client.query(DatasetsDocument, page, options),
    client.query(RunsDocument, page, options),
  ]);
  return {
    model: nodesOf(models.models).map(({ name, artifact }) => [typed(name, digestOf(artifact)), 'model'] as const),
    dataset: nodesOf(datasets.datasets).map(
      ({ name, artifact }) => [typed(name, digestOf(artifact)), 'data set'] as const,
    ),
    run: nodesOf(runs.runs).map(({ id, name, kind, state }) => [typed(name, id), `${kind}, ${state}`] as const),
  };
}

/**
 * What means the same to every shell wherever it stands: scripts of completion put what is suggested into the line as it is, and bash expands
 * it before that, with whatever commands somebody else has put into the name of a run.
 */
const PLAIN = /^[\p{L}\p{N}_][\p{L}\p{N}_.@+-]*$/u;

/** A name where it can be typed without quotes, else what means the same. */
function typed(name: string | null | undefined, otherwise: string): string {
  return name && PLAIN.test(name) ? name : otherwise;
}

function digestOf({ sha256 }: { readonly sha256: string }): string {
  return sha256.slice(0, SHORT);
}

/** What the arguments of commands take, by the names that help shows. */
const TAKES: Readonly<Record<string, string>> = {
  ...{ model: 'model', models: 'model', networks: 'model', dataset: 'dataset' },
  ...{ run: 'run', 'sha256-or-run': 'run' },
};

function suggest({ name }: Argument, complete: Complete): void {
  for (const [value, description] of known[TAKES[name] ?? ''] ?? []) complete(value, description);
}
