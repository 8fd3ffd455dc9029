import { Failure } from '@kneepoint/failures';
import type { Command } from 'commander';
import { download } from '../client/download.ts';
import { pruningsOf } from '../client/runs.ts';
import { print } from '../output.ts';
import { saveAll } from './prune.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

interface GetOptions extends ServerOptions {
  readonly out: string;
}

export function registerGet(program: Command): void {
  withServerOptions(program.command('get <sha256-or-run>'))
    .description('fetch an artifact by its SHA-256 to a file, or everything that a prune run made to a folder')
    .requiredOption('--out <path>', 'file, or folder for a run')
    .action(async (name: string, options: GetOptions) => {
      const written = await withConnection(options, async ({ client }) => {
        if (!/^[0-9a-f]{64}$/.test(name)) return saveAll(await pruningsOf(client, name), options.out, 'pruned');
        const { artifact } = await client.query<{ artifact: { sha256: string; downloadUrl: string } | null }>(
          'query($sha256: String!) { artifact(sha256: $sha256) { sha256 downloadUrl } }',
          { sha256: name },
        );
        if (!artifact)
          throw new Failure('ARTIFACT_UNKNOWN', `no artifact has the sum ${name}`, {
            fix: 'Copy the sha256 from a report or query.',
          });
        await download(artifact, options.out);
        return [options.out];
      });
      print(written.join('\n'));
    });
}
