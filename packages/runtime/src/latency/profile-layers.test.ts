import { Graph, vggStyle } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { profileLayers } from './profile-layers.ts';

describe('the profile of layers', () => {
  it('says where the time goes, whatever the engine made of the operators', async () => {
    // The second layer has sixteen times the multiply-accumulates of the others.
    const model = vggStyle({ widths: [8, 128, 8], size: 48, seed: 1 });
    const graph = new Graph(model);
    const layers = graph
      .topological()
      .filter(({ opType }) => opType === 'Conv' || opType === 'Gemm')
      .map((node) => graph.nodeName(node));
    const shares = await profileLayers({ name: 'net', model, layers: new Set(layers) }, { runs: 5, warmup: 1 });
    expect(shares.map(({ layer }) => layer)).toEqual(layers);
    expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(shares[0]!.share).toBeLessThan(shares[1]!.share);
    for (const { share } of shares) expect(share).toBeGreaterThanOrEqual(0);
  });
});
