import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeModel, Graph } from '@kneepoint/onnx';

const FOLDER = fileURLToPath(new URL('../networks/', import.meta.url));
const MOST_BYTES = 3e6;

interface Card {
  readonly command: string;
  readonly model: { readonly sha256: string; readonly bytes: number };
  readonly tasks: readonly string[];
  readonly results: readonly { readonly test: number; readonly chance: number }[];
}

describe('the networks of the demo', async () => {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.onnx'));

  it('are small enough for a repository', async () => {
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(FOLDER, name))).size));
    expect(sizes.length).toBeGreaterThan(1);
    expect(sizes.reduce((a, b) => a + b)).toBeLessThan(MOST_BYTES);
  });

  it.each(names)('%s is the file of its card, and reads what the card says', async (name) => {
    const bytes = await readFile(join(FOLDER, name));
    const card = JSON.parse(await readFile(join(FOLDER, name.replace('.onnx', '.json')), 'utf8')) as Card;
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(card.model.sha256);
    expect(card.command).toContain(`--out packages/cli/networks/${name}`);
    expect(new Graph(decodeModel(bytes)).outputs.map((output) => output.name)).toEqual(card.tasks);
    // Trained, not merely made.
    for (const { test, chance } of card.results) expect(test).toBeGreaterThan(2 * chance);
  });
});
