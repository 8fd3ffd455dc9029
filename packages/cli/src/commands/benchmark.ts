import { BenchmarkDocument, type BenchmarkQuery, LaunchBenchmarkDocument } from '@kneepoint/client';
import type { Command } from 'commander';
import { launch } from '../client/launch.ts';
import { findModel } from '../client/lookup.ts';
import { follow } from '../client/runs.ts';
import { print, printJson } from '../output.ts';
import { renderLayerTimes } from '../render/layer-times.ts';
import { camel, compact } from '../render/number.ts';
import { table } from '../render/table.ts';
import { readNumber } from './numbers.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';
import { readRunDetails, type RunDetailFlags, withRunDetails } from './run-details.ts';

type BenchmarkView = NonNullable<NonNullable<BenchmarkQuery['run']>['benchmark']>;

const BOUNDS = { least: 1, code: 'BENCHMARK_OPTION_INVALID' } as const;
const SHA256 = /^[0-9a-f]{64}$/;

interface BenchmarkOptions extends ServerOptions, RunDetailFlags {
  readonly batch?: string;
  readonly runs?: string;
}

export function registerBenchmark(program: Command): void {
  withRunDetails(withServerOptions(program.command('benchmark <networks...>')))
    .description('time networks against each other in one run: models by name, pruned or trained ones by SHA-256')
    .option('--batch <n>', 'images per run (default: 1)')
    .option('--runs <n>', 'timed runs of each (default: 30)')
    .action(async (networks: string[], options: BenchmarkOptions) => {
      const limits = {
        ...readNumber('batch', '--batch', options.batch, BOUNDS),
        ...readNumber('runs', '--runs', options.runs, BOUNDS),
      };
      const details = readRunDetails(options);
      const measured = await withConnection(options, async ({ client }, signal) => {
        const names = networks.filter((network) => !SHA256.test(network));
        const input = {
          models: await Promise.all(names.map((name) => findModel(client, name))),
          artifacts: networks.filter((network) => SHA256.test(network)),
          ...limits,
          ...details,
        };
        const { run } = await launch(client, LaunchBenchmarkDocument, input);
        const { id } = await follow(client, run, 'time networks', signal);
        return (await client.query(BenchmarkDocument, { id })).run!.benchmark!;
      });
      if (options.json) return printJson(measured);
      print(renderBenchmark(measured));
    });
}

/** Times beside costs; the last column is how much of the first network's time each takes. */
function renderBenchmark({ provider, batch, runs, networks }: BenchmarkView): string {
  const first = networks[0]!.latencyMs.p50;
  return [
    table(
      ['network', 'parameters', 'MACs', 'p50, ms', 'p95, ms', 'images/s', 'to the first'],
      networks.map(({ name, parameters, macs, latencyMs, imagesPerSecond }) => [
        name,
        compact(parameters),
        compact(macs),
        latencyMs.p50.toFixed(2),
        latencyMs.p95.toFixed(2),
        imagesPerSecond.toFixed(0),
        `${(latencyMs.p50 / first).toFixed(2)} ×`,
      ]),
      ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    ),
    `\n${runs} interleaved runs of ${batch} image${batch === 1 ? '' : 's'} on ${camel(provider)}`,
    ...renderLayerTimes(networks),
  ].join('\n');
}
