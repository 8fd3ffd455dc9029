import { vggStyle } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import type { RowSource } from '../rows/row-source.ts';
import { proveFolding } from './prove-folding.ts';
import type { Subject } from './subject.ts';

const net = (seed: number) => vggStyle({ widths: [4], size: 8, seed, headTasks: { yaw: 1 } });

const source: RowSource = {
  input: 'image',
  dims: [3, 8, 8],
  fill: (rows, _copies, out) => {
    out.forEach((_, i) => (out[i] = Math.sin(i + rows[0]!)));
    return Promise.resolve(new Uint8Array(rows.length));
  },
};

describe('what is delivered', () => {
  const proved = (delivered: Subject['model']) => {
    const subject: Partial<Subject> = {
      ...{ source, evaluationBatch: 4, normalised: true },
      unfolded: () => net(1),
      judged: () => delivered,
    };
    const parts = { validation: Int32Array.of(0, 1, 2, 3, 4, 5) } as Parameters<typeof proveFolding>[2]['parts'];
    return proveFolding(subject as Subject, new Map(), { parts, context: { signal: new AbortController().signal } });
  };

  it('passes where it answers as what was trained', async () => {
    await expect(proved(net(1))).resolves.toBeUndefined();
  });

  it('does not where it answers otherwise, and by how much', async () => {
    expect(await proved(net(2))).toBeGreaterThan(0.01);
  });
});
