import type { ModelProto } from '@kneepoint/onnx';
import { Graph, smallNets, valueInfo } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { floatInitializers } from './forward/place.ts';
import { checkGradient, gradientsOf } from './testing/check-gradient.ts';

/** Networks of small-nets.ts, and the channels of their images. */
const NETWORKS: Readonly<Record<string, number>> = { vgg: 3, residual: 3, depthwise: 3, mfm: 1, concat: 3 };

const IMAGES = [3, 8, 8] as const;

/** Of images and outputs' weights: with these no corner of an activation lies within a float32 step of the weights tried. */
const SEED = 4;

/** A small network at the size of the check: three images of 8 × 8. */
function network(name: string, channels: number): ModelProto {
  const model = smallNets[name]!(11);
  const [count, height, width] = IMAGES;
  model.graph!.input = [valueInfo('image', [count, channels, height, width])];
  return model;
}

/** All that trains: weights, biases, scales; neither running statistics nor the bounds of a Clip. */
function weights(model: ModelProto): readonly string[] {
  const graph = new Graph(model);
  const fixed = new Set(
    graph.proto.node.flatMap(({ opType, input }) => {
      if (opType === 'BatchNormalization') return input.slice(3);
      return opType === 'Clip' ? input.slice(1) : [];
    }),
  );
  return floatInitializers(model).flatMap(({ name }) => (fixed.has(name) ? [] : [name]));
}

describe.each(Object.entries(NETWORKS))('the whole network %s', (name, channels) => {
  const model = network(name, channels);
  const request = { model, by: weights(model) };

  it.each([false, true])('agrees with difference quotients by every weight, in training mode: %s', async (training) => {
    // Between a float32 step that crosses few corners and one that is not lost in rounding: the float64 check is the sharp one.
    const steps = { double: 1e-6, single: 1e-3 };
    await checkGradient({ ...request, training, steps, double: 1e-7, single: 5e-2, seed: SEED });
  });

  it('has a gradient for every weight that is not zero throughout', async () => {
    const { gradients } = await gradientsOf(request);
    expect(Object.keys(gradients)).toEqual(request.by);
    for (const { data } of Object.values(gradients))
      expect((data as Float32Array).some((value) => value !== 0)).toBe(true);
  });
});
