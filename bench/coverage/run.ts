/**
 * Every classification network of torchvision with random weights: exported to ONNX in three forms, half of every layer's filters
 * removed at random, surgery proved equal to masking; and the same networks pruned by Torch-Pruning at the same ratio. Writes
 * docs/coverage.md. Hours, unless most of it was done before: what was finished is kept in docs/coverage.jsonl and not repeated while
 * the code that it depends on stays as it is.
 *
 *   npx tsx bench/coverage/run.ts [--only NAME,NAME] [--parts folded,kept,dynamo,rival] [--stale] [--report]
 *
 * With --only or --parts the tables are printed and docs/coverage.md stays. --stale takes what an earlier version of the code found
 * for networks that were proved with it, and says how many. --report measures nothing and writes what has been found so far. Debian's
 * python3-torch, python3-torchvision and python3-onnx are needed, and pip for Torch-Pruning and PyTorch 2, which go into folders of their own.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Failure } from '@kneepoint/failures';
import { runTask } from '@kneepoint/runtime';
import { sectionOf, withSection } from '../doors/report.ts';
import { machine } from '../support/machine.ts';
import { installNewerTorch, NEWER_TORCH } from '../support/newer-torch.ts';
import type { Form, Network, Ours, Part, Rival } from './outcome.ts';
import type { PruneInput, Pruned } from './prune.task.ts';
import { python, pythonOf } from '../support/python.ts';
import { report, share } from './report.ts';
import { Store, versionOf } from './store.ts';
import { installTorchPruning, TORCH_PRUNING } from '../support/torch-pruning.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const CACHE = join(ROOT, '.kneepoint', 'coverage');
const MEASURED = join(ROOT, 'docs', 'coverage.jsonl');
const script = (name: string): URL => new URL(name, import.meta.url);
const RATIO = 0.5;
const SEED = 1;
const LIMITS = { memoryMb: 8192, timeoutMs: 3_600_000 };
/** Processor time for the rival: as much as any network needs that it can prune at all, several times over. */
const rivalSeconds = ({ parameters }: Network): number => Math.round(60 + (0.3 * parameters) / 1e6);
/** A network of a million parameters takes about as long to start, export and load as to prune. */
const START = 10e6;

interface Listed {
  readonly torch: string;
  readonly torchvision: string;
  readonly networks: readonly Network[];
}

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    parts: { type: 'string' },
    stale: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});
await mkdir(CACHE, { recursive: true });
const { torch, torchvision, networks: all } = (await python(script('export.py'), 'list')) as Listed;
const only = options.only?.split(',');
const networks = all
  .filter(({ name }) => only === undefined || only.includes(name))
  // Within each kind the smallest come first.
  .sort((a, b) => Number(a.transformer) - Number(b.transformer));
const parts = (options.parts?.split(',') ?? ['folded', 'rival', 'kept', 'dynamo']) as Part[];
const missing = parts.includes('rival') ? await installTorchPruning() : 'not asked for';
const withoutNewer = parts.includes('dynamo') ? await installNewerTorch() : 'not asked for';
const store = await Store.open(MEASURED);
const bench = (...files: string[]) => files.map((file) => `bench/coverage/${file}`);
const own = await versionOf(
  ROOT,
  ['packages/onnx/src', 'packages/pruning/src', ...bench('networks.py', 'export.py', 'halves.py', 'prune.task.ts')],
  torch,
  torchvision,
);
const versions: Readonly<Record<Part, string>> = {
  folded: own,
  kept: own,
  dynamo: await versionOf(ROOT, bench('dynamo.py'), own, ...NEWER_TORCH.packages),
  rival: await versionOf(ROOT, bench('networks.py', 'rival.py'), torch, torchvision, TORCH_PRUNING.package),
};

const units = parts
  // The rival follows each network; the second form comes when all have been through the first.
  .flatMap((part) => (part === 'rival' && parts.includes('folded') ? [] : [part]))
  .flatMap((part) =>
    networks.flatMap((network) =>
      (part === 'folded' && parts.includes('rival') ? [part, 'rival' as const] : [part]).map((each) => ({
        network,
        part: each,
      })),
    ),
  )
  .filter(({ part }) => (part === 'rival' ? missing : part === 'dynamo' ? withoutNewer : undefined) === undefined);
const open = options.report ? [] : units.filter(({ network, part }) => !known(network, part));
console.log(
  `${machine()}; PyTorch ${torch}, torchvision ${torchvision}; ${units.filter(({ network, part }) => known(network, part)).length} of ${units.length} done before`,
);
if (missing !== undefined) console.log(`Torch-Pruning: ${missing}`);
if (withoutNewer !== undefined) console.log(`PyTorch 2: ${withoutNewer}`);

const started = performance.now();
const weight = (of: readonly { network: Network }[]) =>
  of.reduce((sum, { network }) => sum + network.parameters + START, 0);
for (const [i, { network, part }] of open.entries()) {
  const begun = performance.now();
  const found = await attempt(network, part);
  const seconds = (performance.now() - begun) / 1000;
  await store.add({ network: network.name, version: versions[part], seconds, ...found });
  const minutes = (performance.now() - started) / 60_000;
  const left = (minutes * weight(open.slice(i + 1))) / weight(open.slice(0, i + 1));
  const text = found.part === 'rival' ? rivalLine(found.outcome) : ourLine(found.outcome);
  console.log(
    `[${i + 1}/${open.length}] ${network.name}, ${part}: ${text}; ${seconds.toFixed(0)} s, about ${left.toFixed(0)} min left`,
  );
}

const text = report({
  networks,
  find: (network, part) => {
    const entry = store.find(network.name, part, versions[part], options.stale);
    return entry && { entry, stale: entry.version !== versions[part] };
  },
  machine: machine(),
  software: `PyTorch ${torch}, torchvision ${torchvision}`,
  rival: { package: TORCH_PRUNING.package, missing },
  newer: { packages: NEWER_TORCH.packages, missing: withoutNewer },
});
if (only === undefined && options.parts === undefined) {
  const page = join(ROOT, 'docs', 'coverage.md');
  // The other bench's section stays.
  await writeFile(page, withSection(text, sectionOf(await readFile(page, 'utf8'))));
  console.log('wrote docs/coverage.md');
} else console.log(`\n${text}`);

function known(network: Network, part: Part): boolean {
  const entry = store.find(network.name, part, versions[part], options.stale);
  if (!entry || entry.version === versions[part]) return entry !== undefined;
  return entry.outcome.kind === 'pruned' && (entry.part === 'rival' || entry.outcome.proved);
}

async function attempt(
  network: Network,
  part: Part,
): Promise<{ part: Form; outcome: Ours } | { part: 'rival'; outcome: Rival }> {
  if (part === 'rival') return { part, outcome: await prunedByRival(network) };
  return { part, outcome: await prunedHere(network, part) };
}

async function prunedHere({ name }: Network, form: Form): Promise<Ours> {
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-coverage-'));
  try {
    const path = join(folder, `${name}.onnx`);
    const exported =
      form === 'dynamo'
        ? pythonOf(NEWER_TORCH.interpreter, script('dynamo.py'), form, name, path)
        : python(script('export.py'), form, name, path);
    const { size } = (await exported) as { size: number };
    const input: PruneInput = { path, ratio: RATIO, seed: SEED };
    const pruned = await runTask<PruneInput, Pruned>(new URL('./prune.task.ts', import.meta.url), input, LIMITS);
    return { kind: 'pruned', size, ...pruned };
  } catch (error) {
    return { kind: 'refused', reason: inWords(error) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function prunedByRival(network: Network): Promise<Rival> {
  try {
    const answer = await python(script('rival.py'), network.name, `${rivalSeconds(network)}`, TORCH_PRUNING.folder);
    const { error, ...sizes } = answer as { error?: string } & Pick<
      Extract<Rival, { kind: 'pruned' }>,
      'before' | 'after'
    >;
    return error === undefined ? { kind: 'pruned', ...sizes } : { kind: 'refused', reason: error.split('\n')[0]! };
  } catch (error) {
    return { kind: 'refused', reason: inWords(error) };
  }
}

function inWords(error: unknown): string {
  if (error instanceof Failure) return [`${error.code}: ${error.message}`, error.where].filter(Boolean).join(', ');
  return error instanceof Error ? error.message : String(error);
}

function ourLine(outcome: Ours): string {
  if (outcome.kind === 'refused') return `refused: ${outcome.reason}`;
  const { layers, prunable, before, after, proved, difference, failed, memory } = outcome;
  const proof = proved ? `difference ${difference.toExponential(1)}` : `NOT PROVED: ${failed.join('; ')}`;
  return `MACs ${share(after.macs, before.macs)}, ${prunable}/${layers} layers, ${proof}, ${(memory / 2 ** 30).toFixed(1)} GiB`;
}

function rivalLine(outcome: Rival): string {
  if (outcome.kind === 'refused') return `refused: ${outcome.reason}`;
  return `parameters ${share(outcome.after.parameters, outcome.before.parameters)}`;
}
