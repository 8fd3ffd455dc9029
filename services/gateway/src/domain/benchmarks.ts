import { Failure } from '@kneepoint/failures';
import { type BenchmarkInput, type BenchmarkOutput, planBenchmark } from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { Benchmark, LaunchBenchmarkInput } from '../schema/benchmark.ts';
import type { Run } from '../schema/run.ts';
import { isAbsent } from './absent.ts';
import { launch } from './launch.ts';
import { requireModel } from './models.ts';
import { requireProduct } from './products.ts';

const BOUNDS = { networks: 20, batch: 1024, runs: 10_000 } as const;
const DEFAULTS = { batch: 1, runs: 30 } as const;

export async function launchBenchmark(context: Context, input: LaunchBenchmarkInput): Promise<Run> {
  const models = isAbsent(input.models) ? [] : input.models;
  const artifacts = isAbsent(input.artifacts) ? [] : input.artifacts;
  requireWhole('models', models.length + artifacts.length, BOUNDS.networks, 'networks to time');
  const batch = isAbsent(input.batch) ? DEFAULTS.batch : input.batch;
  const runs = isAbsent(input.runs) ? DEFAULTS.runs : input.runs;
  requireWhole('batch', batch, BOUNDS.batch);
  requireWhole('runs', runs, BOUNDS.runs);
  const timed = [
    ...(await Promise.all(models.map((id) => requireModel(context, id, 'models')))),
    ...(await Promise.all(
      artifacts.map(async (sha256) => {
        const { modelName, modelId: id } = await requireProduct(context, sha256, 'artifacts');
        return { name: `${modelName} ${sha256.slice(0, 8)}`, sha256, id };
      }),
    )),
  ];
  const networks: BenchmarkInput['networks'] = timed.map(({ name, sha256 }) => ({ name, sha256 }));
  // A network beside what was made of it is a run about one network.
  const [about, ...others] = new Set(timed.map(({ id }) => id));
  const modelId = about === undefined || about === null || others.length > 0 ? {} : { modelId: about };
  const provider = isAbsent(input.provider) ? {} : { provider: input.provider };
  const steps = planBenchmark({ networks, batch, runs, ...provider });
  return launch(context, { kind: 'BENCHMARK', ...modelId, input, steps });
}

export async function benchmarkOf({ loaders }: Context, run: Run): Promise<Benchmark | null> {
  const [done] = await loaders.benchmarks.load(run.rowId);
  if (!done) return null;
  const { networks, ...measured } = done.output as unknown as BenchmarkOutput;
  return { ...measured, networks: networks.map((network) => ({ ...network, layers: network.layers ?? [] })) };
}

function requireWhole(field: string, value: number, most: number, what = field): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new Failure('BENCHMARK_OPTION_INVALID', `${what}: ${value}`, { where: field, fix: `Pass 1 to ${most}.` });
}
