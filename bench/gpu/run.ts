/**
 * Extraction and training on a CUDA GPU: their agreement with the CPU, and images per second beside the CPU's and PyTorch's.
 *
 *   npx tsx bench/gpu/run.ts [--json]
 *   NVIDIA_TF32_OVERRIDE=0 npx tsx bench/gpu/run.ts
 *
 * The second holds the card to float32, and the agreement with the CPU to a bound; without it the card rounds what it multiplies to
 * TF32's 10 bits, as it does by default everywhere. What it needs is checked first and said: see README.md beside it. Exits with 1
 * when the two disagree, 2 when it could not run.
 */
import { Failure } from '@kneepoint/failures';
import { resolveProvider } from '@kneepoint/runtime';
import { machine } from '../support/machine.ts';
import { Rival } from '../support/rival.ts';
import { type ExtractionOnCard, extractionOnCard } from './extraction.ts';
import { type TrainingOnCard, trainingOnCard } from './training.ts';

const FLOAT32 = process.env['NVIDIA_TF32_OVERRIDE'] === '0';
/** Largest difference from the CPU that float32 may make. */
const TOLERANCE = { responses: 1e-4, training: 1e-3 } as const;

try {
  await resolveProvider('cuda');
} catch (error) {
  console.error(`NOT RUN: ${Failure.from(error).message}. What is needed stands in bench/gpu/README.md.`);
  process.exit(2);
}

const rival = new Rival(new URL('../training/rival.py', import.meta.url));
const versions = await rival.versions;
const missed: string[] = [];
const extracted: ExtractionOnCard[] = [];
const trained: TrainingOnCard[] = [];
try {
  console.log(`${machine()}; ${FLOAT32 ? 'float32' : 'TF32'}; ${versions ?? 'PyTorch is missing: ours alone'}\n`);
  console.log('| responses, 224 × 224 | taps | differs from CPU | images/s | with decoding | CPU |');
  console.log('|---|---:|---:|---:|---:|---:|');
  for await (const figures of extractionOnCard()) {
    extracted.push(figures);
    const { network, taps, difference, imagesPerSecond, decodedPerSecond, cpuImagesPerSecond } = figures;
    check(`responses of ${network}`, difference, TOLERANCE.responses);
    const rates = [imagesPerSecond, decodedPerSecond, cpuImagesPerSecond].map((rate) => rate.toFixed(0));
    console.log(`| ${[network, taps, difference.toExponential(1), ...rates].join(' | ')} |`);
  }
  console.log(
    '\n| training | batch | differs from CPU | step, images/s | forward, images/s | PyTorch step, images/s |',
  );
  console.log('|---|---:|---:|---:|---:|---:|');
  for await (const figures of trainingOnCard(versions === undefined ? undefined : rival)) {
    trained.push(figures);
    const { network, size, batch, difference } = figures;
    check(`${network} at batch ${batch}`, difference, TOLERANCE.training);
    const { stepImagesPerSecond, forwardImagesPerSecond, theirImagesPerSecond } = figures;
    const rates = [stepImagesPerSecond, forwardImagesPerSecond, theirImagesPerSecond].map((rate) => rate?.toFixed(0));
    console.log(`| ${[`${network}, ${size} × ${size}`, batch, difference.toExponential(1), ...rates].join(' | ')} |`);
  }
} finally {
  rival.close();
}
if (process.argv.includes('--json')) {
  console.log(`\n${JSON.stringify({ machine: machine(), float32: FLOAT32, versions, extracted, trained })}`);
}
for (const miss of missed) console.error(`MISSED: ${miss}`);
if (missed.length > 0) process.exitCode = 1;

/** A difference that is not a number misses at any precision. */
function check(what: string, difference: number, tolerance: number): void {
  if (Number.isFinite(difference) && (!FLOAT32 || difference <= tolerance)) return;
  missed.push(`${what}: differs from the CPU by ${difference.toExponential(1)}`);
}
