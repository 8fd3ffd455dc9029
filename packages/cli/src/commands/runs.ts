import { ENDED, nodesOf, type RunFieldsFragment, type RunFilter, RunsDocument } from '@kneepoint/client';
import { Failure } from '@kneepoint/failures';
import type { Command } from 'commander';
import type { Connection } from '../client/connect.ts';
import { findRun } from '../client/lookup.ts';
import { cancel, settle } from '../client/runs.ts';
import { followTrainings } from '../client/trainings.ts';
import { print, printJson } from '../output.ts';
import { table } from '../render/table.ts';
import { readNumber } from './numbers.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';
import { readRunFilter, type RunFilterFlags, withRunFilter } from './run-details.ts';

interface RunOptions extends ServerOptions, RunFilterFlags {
  readonly watch?: boolean;
  readonly cancel?: boolean;
  readonly settle?: boolean;
  readonly limit: string;
}

/** Runs that are listed unless another number is wanted, and at most. */
const NEWEST = '50';
const MOST = 100;

export function registerRuns(program: Command): void {
  withRunFilter(withServerOptions(program.command('runs [run]')))
    .description('what was launched, newest first; or one run by its id or name')
    .option('--limit <n>', `list so many, ${MOST} at most`, NEWEST)
    .option('--watch', 'follow the run until it has ended; without one, all runs as they change, until Ctrl-C')
    .option('--cancel', 'end the run')
    .option('--settle', 'end its search for the smallest network with the best so far, as a run of its own')
    .action(async (given: string | undefined, options: RunOptions) => {
      const filter = readRunFilter(options);
      if (given === undefined && (options.cancel || options.settle)) {
        throw new Failure('RUN_UNKNOWN', 'no run is named', {
          where: options.cancel ? '--cancel' : '--settle',
          fix: 'Name one by its id or name: kneepoint runs RUN --cancel.',
        });
      }
      if (given === undefined) return options.watch ? watchAll(options, filter) : list(options, filter);
      if (filter !== undefined) {
        throw new Failure('RUN_FILTER_INVALID', 'one run is named, and others are filtered', {
          where: given,
          fix: 'Leave the run out, or the options that narrow the list.',
        });
      }
      const run = await withConnection(options, ({ client }, signal) => oneRun({ client }, given, options, signal));
      return options.json ? printJson(run) : print(tableOf([run]));
    });
}

async function oneRun(
  { client }: Pick<Connection, 'client'>,
  given: string,
  options: RunOptions,
  signal: AbortSignal,
): Promise<RunFieldsFragment> {
  const run = await findRun(client, given);
  if (options.cancel) return cancel(client, run.id);
  if (options.settle) return settle(client, run.id);
  return options.watch ? followTrainings(client, run, run.kind, signal, { stay: true }) : run;
}

async function list(options: RunOptions, filter: RunFilter | undefined): Promise<void> {
  const { first = 0 } = readNumber('first', '--limit', options.limit, { least: 1, code: 'RUN_FILTER_INVALID' });
  const runs = await withConnection(options, async ({ client }) =>
    nodesOf((await client.query(RunsDocument, { first: Math.min(first, MOST), ...(filter ? { filter } : {}) })).runs),
  );
  if (options.json) return printJson(runs);
  print(tableOf(runs));
}

/** A line for each change that can be seen: of state, or of a percent. */
async function watchAll(options: RunOptions, filter: RunFilter | undefined): Promise<void> {
  const told = new Map<string, string>();
  await withConnection(options, async ({ client }, signal) => {
    for await (const run of client.watchRuns(filter, { signal })) {
      const line = lineOf(run);
      if (told.get(run.id) === line) continue;
      if (ENDED.has(run.state)) told.delete(run.id);
      else told.set(run.id, line);
      if (options.json) printJson(run, 0);
      else print(line);
    }
  });
}

function lineOf({ id, kind, name, state, progress, model, dataset, failure }: RunFieldsFragment): string {
  const about = [model?.name, dataset?.name].filter((part) => part !== undefined).join(' on ');
  const stage = ENDED.has(state) ? [] : [`${Math.floor(100 * progress.fraction)} %`, progress.current ?? ''];
  const parts = [state, kind, name ?? '', about, ...stage, failure ? `${failure.code}: ${failure.message}` : '', id];
  return parts.filter((part) => part !== '').join(' · ');
}

function tableOf(runs: readonly RunFieldsFragment[]): string {
  return table(
    ['kind', 'name', 'state', 'done', 'model', 'data set', 'id', ''],
    runs.map((run) => [
      run.kind,
      run.name ?? '',
      run.reused ? `${run.state} (reused)` : run.state,
      `${Math.floor(100 * run.progress.fraction)} %`,
      run.model?.name ?? '',
      run.dataset?.name ?? '',
      run.id,
      run.failure ? `${run.failure.code}: ${run.failure.message}` : '',
    ]),
    ['left', 'left', 'left', 'right', 'left', 'left', 'left', 'left'],
  );
}
