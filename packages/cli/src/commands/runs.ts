import { nodesOf, RunDocument, RunsDocument } from '@kneepoint/client';
import type { Command } from 'commander';
import { cancel, settle } from '../client/runs.ts';
import { followTrainings } from '../client/trainings.ts';
import { Failure } from '@kneepoint/failures';
import { print, printJson } from '../output.ts';
import { table } from '../render/table.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

interface RunOptions extends ServerOptions {
  readonly watch?: boolean;
  readonly cancel?: boolean;
  readonly settle?: boolean;
}

/** Runs that are listed. */
const NEWEST = 50;

export function registerRuns(program: Command): void {
  withServerOptions(program.command('runs [id]'))
    .description('what was launched, newest first; or one run')
    .option('--watch', 'follow the run until it has ended')
    .option('--cancel', 'end the run')
    .option('--settle', 'end its search for the smallest network with the best so far, as a run of its own')
    .action(async (id: string | undefined, options: RunOptions) => {
      const runs = await withConnection(options, async ({ client }, signal) => {
        if (id === undefined) return nodesOf((await client.query(RunsDocument, { first: NEWEST })).runs);
        if (options.cancel) return [await cancel(client, id)];
        if (options.settle) return [await settle(client, id)];
        const { run } = await client.query(RunDocument, { id });
        if (!run)
          throw new Failure('RUN_UNKNOWN', `no run has the id ${id}`, { fix: 'List the runs with `kneepoint runs`.' });
        return [options.watch ? await followTrainings(client, run, run.kind, signal) : run];
      });
      if (options.json) return printJson(id === undefined ? runs : runs[0]);
      print(
        table(
          ['kind', 'state', 'done', 'model', 'data set', 'id', ''],
          runs.map((run) => [
            run.kind,
            run.reused ? `${run.state} (reused)` : run.state,
            `${Math.floor(100 * run.progress.fraction)} %`,
            run.model?.name ?? '',
            run.dataset?.name ?? '',
            run.id,
            run.failure ? `${run.failure.code}: ${run.failure.message}` : '',
          ]),
          ['left', 'left', 'right', 'left', 'left', 'left', 'left'],
        ),
      );
    });
}
