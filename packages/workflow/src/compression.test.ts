import { costs, skeleton } from '@kneepoint/onnx';
import { findTaps, prune, prunedShapes } from '@kneepoint/pruning';
import { type CharacteristicCurve, knee } from '@kneepoint/regression';
import { describe, expect, it } from 'vitest';
import { type CompressionRequest, planCompression } from './compression.ts';
import type { TaskCurves } from './plan/task-knees.ts';
import { CARRIERS, layersOf, syntheticCurve, TINY_WIDTHS, tinyNet } from './testing/index.ts';

const { model, shapes } = tinyNet();
const layers = layersOf(model);
const [first, second, third] = layers as [string, string, string];
const curves = new Map(layers.map((layer, index) => [layer, syntheticCurve(TINY_WIDTHS[index]!, index + 1)]));
const yaw = (own: ReadonlyMap<string, CharacteristicCurve>): TaskCurves => ({ task: 'yaw', curves: own });
const head = (channels: number) => ({
  name: 'head',
  outputName: 'yaw',
  weights: new Float64Array(channels),
  bias: new Float64Array(1),
});

function request(overrides: Partial<CompressionRequest> = {}): CompressionRequest {
  return {
    model,
    shapes,
    tasks: [yaw(curves)],
    layer: third,
    head: head(TINY_WIDTHS[2]),
    options: { epsilon: 0.01 },
    ...overrides,
  };
}

const keptOf = (planned: ReturnType<typeof planCompression>) => planned.layers.map((layer) => layer.kept);

describe('planCompression', () => {
  it('keeps in each layer the filters of the knee of its own curve', () => {
    const planned = planCompression(request());
    expect(planned.layers.map((layer) => layer.name)).toEqual(layers);
    for (const layer of planned.layers) {
      const found = knee(curves.get(layer.name)!, 0.01);
      expect(layer).toMatchObject({
        indices: found.kept,
        kept: found.filters,
        chosen: found.filters,
        lambda: found.lambda,
        prunable: true,
        reason: null,
      });
      expect(layer.indices).toEqual(expect.arrayContaining([...CARRIERS]));
      expect(layer.kept).toBeLessThan(layer.filters);
    }
  });

  it('figures are those of the network that pruning really leaves', () => {
    const { network, shapes: networkShapes, plan, after, before } = planCompression(request());
    const left = costs(prune(network, networkShapes, plan), prunedShapes(network, networkShapes, plan));
    expect(after).toEqual({ parameters: left.parameters, macs: left.macs, bytes: left.bytes });
    const whole = costs(model, shapes);
    expect(before).toEqual({ parameters: whole.parameters, macs: whole.macs, bytes: whole.bytes });
  });

  it('multiply-accumulates follow from the filters kept: 9 · in · out · area for each layer, and the head', () => {
    const planned = planCompression(request());
    const widths = [3, ...keptOf(planned)];
    const areas = [16 * 16, 8 * 8, 4 * 4];
    const expected = areas.map((area, index) => 9 * widths[index]! * widths[index + 1]! * area);
    expect(planned.layers.map((layer) => layer.after.macs)).toEqual(expected);
    expect(planned.after.macs).toBe(expected.reduce((sum, macs) => sum + macs, widths[3]!));
    expect(planned.layers.map((layer) => layer.before.macs)).toEqual(
      areas.map((area, index) => 9 * [3, ...TINY_WIDTHS][index]! * TINY_WIDTHS[index]! * area),
    );
  });

  it('a skeleton gives the same plan as the whole model', () => {
    const whole = planCompression(request());
    const planned = planCompression(request({ model: skeleton(model) }));
    expect(planned.layers).toEqual(whole.layers);
    expect(planned.after).toEqual(whole.after);
    expect(planned.plan).toEqual(whole.plan);
  });

  it('cuts what follows the layer of the head', () => {
    const planned = planCompression(request({ layer: second, head: head(TINY_WIDTHS[1]) }));
    expect(planned.layers.map((layer) => layer.name)).toEqual([first, second]);
    expect(planned.tap).toEqual(findTaps(model, shapes)[1]);
  });

  it('a larger ε never keeps more, and a single layer can have one of its own', () => {
    const strict = keptOf(planCompression(request({ options: { epsilon: 0.001 } })));
    const loose = keptOf(planCompression(request({ options: { epsilon: 0.5 } })));
    loose.forEach((kept, index) => expect(kept).toBeLessThanOrEqual(strict[index]!));
    const mixed = keptOf(planCompression(request({ options: { epsilon: 0.001, layerEpsilon: { [second]: 0.5 } } })));
    expect(mixed).toEqual([strict[0], loose[1], strict[2]]);
    expect(loose[1]).toBeLessThan(strict[1]!);
  });

  it('every layer keeps at least the least number of filters', () => {
    const planned = planCompression(request({ options: { epsilon: 0.5, minFilters: 7 } }));
    for (const layer of planned.layers) {
      expect(layer.kept).toBe(7);
      expect(layer.chosen).toBeLessThan(7);
      expect(layer.indices).toEqual(expect.arrayContaining([...knee(curves.get(layer.name)!, 0.5).kept]));
    }
  });

  it('a layer without a curve stays whole', () => {
    const planned = planCompression(
      request({ tasks: [yaw(new Map([...curves].filter(([name]) => name !== second)))] }),
    );
    expect(planned.layers[1]).toMatchObject({ kept: TINY_WIDTHS[1], lambda: null, chosen: null });
  });

  it("a layer that explains less than a tenth of what the head's layer does stays whole", () => {
    const drowned = syntheticCurve(TINY_WIDTHS[0], 1, { noise: 4 });
    expect(knee(drowned, 0.01).filters).toBeGreaterThan(0);
    const planned = planCompression(request({ tasks: [yaw(new Map([...curves, [first, drowned]]))] }));
    expect(planned.layers[0]).toMatchObject({ kept: TINY_WIDTHS[0], lambda: null, chosen: 0 });
    // Beside a head that explains no more, the same curve decides.
    const alike = planCompression(request({ tasks: [yaw(new Map(layers.map((layer) => [layer, drowned])))] }));
    expect(alike.layers[0]!.chosen).toBe(knee(drowned, 0.01).filters);
  });

  it('a layer of the head that is not there is refused with those that are', () => {
    expect(() => planCompression(request({ layer: 'conv9' }))).toThrow(
      expect.objectContaining({
        code: 'LAYER_UNKNOWN',
        message: 'there is no layer "conv9" that can be read',
        fix: `Choose one of: ${layers.join(', ')}.`,
      }),
    );
  });
});
