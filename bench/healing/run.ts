/**
 * Choosing filters for a full-size VGG-16 (random weights, 224 × 224) and healing it after a cut to a fifth of its MACs: time and the most
 * memory that was resident, each in a process of its own. An hour or so on two cores for 1 000 images.
 *
 *   npx tsx bench/healing/run.ts [images]
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { packDataset, renderFaces } from '@kneepoint/datasets';
import { machine } from '../support/machine.ts';
import type { HealingStep, StepFigures } from './step.ts';

const IMAGES = Number(process.argv[2] ?? 1000);

const folder = await mkdtemp(join(tmpdir(), 'kneepoint-bench-healing-'));
try {
  const [faces, tar] = [join(folder, 'faces'), join(folder, 'faces.tar')];
  await renderFaces({ folder: faces, count: IMAGES, seed: 1, size: 224 });
  await packDataset(faces, { out: tar });
  console.log(`${machine()}, ${IMAGES} images`);
  for (const step of ['damage', 'heal'] as const) {
    const { seconds, resident, note } = await inProcess(step, tar);
    console.log(`${step}: ${seconds.toFixed(0)} s, at most ${(resident / 2 ** 30).toFixed(2)} GiB resident; ${note}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function inProcess(step: HealingStep, dataset: string): Promise<StepFigures> {
  const file = fileURLToPath(new URL('step.ts', import.meta.url));
  const { stdout } = await promisify(execFile)('npx', ['tsx', file, step, dataset], { maxBuffer: 1e8 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as StepFigures;
}
