import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCheckpoint, writeCheckpoint } from './checkpoint-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'kneepoint-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const content = {
  tensors: {
    'state/weight/a': Float32Array.of(1 / 3, -0, 1e-45, 3.4e38),
    'state/slot/first/a': new Float32Array(0),
    'best/ä': Float32Array.of(7),
  },
  meta: { epoch: 3, epochs: [{ loss: 0.1 }], best: null },
};

describe('a checkpoint file', () => {
  const path = join(folder, 'good');

  it('gives back every bit', async () => {
    await writeCheckpoint(path, content);
    const read = (await readCheckpoint(path))!;
    expect(read.meta).toEqual(content.meta);
    expect(Object.keys(read.tensors)).toEqual(Object.keys(content.tensors));
    for (const [name, values] of Object.entries(content.tensors)) {
      expect(new Uint8Array(read.tensors[name]!.buffer)).toEqual(new Uint8Array(values.buffer));
    }
  });

  it('is refused whichever of its bytes is changed, and wherever it is cut off', async () => {
    const bytes = readFileSync(path);
    const changed = join(folder, 'changed');
    for (let at = 0; at < bytes.length; at += 7) {
      const other = Buffer.from(bytes);
      other[at]! ^= 1;
      writeFileSync(changed, other);
      expect(await readCheckpoint(changed), `byte ${at}`).toBeUndefined();
      writeFileSync(changed, bytes.subarray(0, at));
      expect(await readCheckpoint(changed), `length ${at}`).toBeUndefined();
    }
  });

  it('that cannot be written is CHECKPOINT_NOT_WRITTEN', async () => {
    const nowhere = join(folder, 'no such folder', 'file');
    await expect(writeCheckpoint(nowhere, content)).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_WRITTEN' });
  });
});
