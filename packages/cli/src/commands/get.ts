import { join } from 'node:path';
import { download, type KneepointClient } from '@kneepoint/client/node';
import type { Command } from 'commander';
import { writeBeside } from '../client/beside.ts';
import { findRun } from '../client/lookup.ts';
import { saveReproduction } from '../client/reproduction.ts';
import { compressionsOf, pruningsOf } from '../client/runs.ts';
import { trainingsOf } from '../client/trainings.ts';
import { print } from '../output.ts';
import { saveTraining } from './finetune.ts';
import { saveAll } from './prune.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

interface GetOptions extends ServerOptions {
  readonly out: string;
}

export function registerGet(program: Command): void {
  withServerOptions(program.command('get <sha256-or-run>'))
    .description('fetch an artifact by its SHA-256 to a file, or everything that a run made to a folder')
    .requiredOption('--out <path>', 'file, or folder for a run')
    .action(async (name: string, options: GetOptions) => {
      const written = await withConnection(options, async ({ client }) => {
        if (!/^[0-9a-f]{64}$/.test(name)) return saveRun(client, (await findRun(client, name)).id, options.out);
        await download(client, name, options.out);
        return [options.out, ...(/\.onnx$/i.test(options.out) ? await writeBeside(options.out) : [])];
      });
      print(written.join('\n'));
    });
}

/** What a compression delivered, or a reproduction found; else what was pruned, and what was trained by itself. */
async function saveRun(client: KneepointClient, id: string, folder: string): Promise<readonly string[]> {
  const compressions = await compressionsOf(client, id);
  if (compressions.networks.length > 0) return saveAll(client, compressions, folder, 'compressed');
  const found = await saveReproduction(client, id, folder);
  if (found.length > 0) return found;
  const written = [...(await saveAll(client, await pruningsOf(client, id), folder, 'pruned'))];
  for (const trained of await trainingsOf(client, id)) {
    const stem = `${trained.tasks.join('-')}-${trained.label}`;
    if (trained.model) written.push(...(await saveTraining(client, trained, join(folder, stem))));
  }
  return [...new Set(written)];
}
