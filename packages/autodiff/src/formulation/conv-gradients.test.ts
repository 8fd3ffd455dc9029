import { DataType, elementCount, seededRandom } from '@kneepoint/onnx';
import { openSession } from '@kneepoint/runtime';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Emitter } from '../emit/emitter.ts';
import { cases, windows, type WindowCase } from '../testing/cases.ts';
import { convolve } from './convolve.ts';
import { INPUT_GRADIENTS } from './conv-input-gradient.ts';
import { WEIGHT_GRADIENTS } from './conv-weight-gradient.ts';
import { windowOf } from './window.ts';

interface Case extends WindowCase {
  readonly batch: number;
  readonly group: number;
  readonly inner: number;
  readonly outer: number;
}

const convolutions: fc.Arbitrary<Case> = fc
  .tuple(
    windows(),
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 2 }),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([window, batch, group, inner, outer]) => ({ ...window, batch, group, inner, outer }));

/** Of one convolution: Σ y · dy, and by every formulation that applies Σ weight · dW and Σ x · dX, which must equal it (Euler). */
async function pairings(given: Case, float: DataType): Promise<{ forward: number; back: Record<string, number> }> {
  const { large, kernel, strides: stride, dilations: dilation, pads, batch, group, inner, outer } = given;
  const small = large.map((size, axis) => {
    const room = size + pads[axis]! + pads[axis + kernel.length]! - dilation[axis]! * (kernel[axis]! - 1) - 1;
    return Math.floor(room / stride[axis]!) + 1;
  });
  const window = windowOf({ kernel, stride, dilation, before: pads.slice(0, kernel.length), large, small });
  const emit = new Emitter({ float });
  const x = emit.input('x', [batch, group * inner, ...large]);
  const weight = emit.input('weight', [group * outer, inner, ...kernel]);
  const dy = emit.input('dy', [batch, group * outer, ...small]);
  const expose = (name: string, a: string, b: string) => emit.namedOutput(emit.reduceSum(emit.mul(a, b)), name);
  expose('forward', convolve(emit, x, weight, window, group), dy);
  const site = { emit, large: x, small: dy, cotangent: dy, weight, window, group };
  for (const [name, formulation] of Object.entries(WEIGHT_GRADIENTS)) {
    if (formulation.applies(site)) expose(`weight ${name}`, formulation.emit(site), weight);
  }
  for (const [name, formulation] of Object.entries(INPUT_GRADIENTS)) {
    if (formulation.applies(site)) expose(`input ${name}`, formulation.emit(site), x);
  }
  const random = seededRandom(1);
  const session = await openSession(emit.build(), { threads: 1 });
  const feeds = Object.fromEntries(
    [x, weight, dy].map((name) => {
      const dims = emit.shape(name);
      const data = Float64Array.from({ length: elementCount(dims) }, () => random.normal());
      return [name, { dims, data: float === DataType.DOUBLE ? data : Float32Array.from(data) }];
    }),
  );
  const results = Object.entries(await session.run(feeds)).map(([name, { data }]) => [name, Number(data[0])] as const);
  await session.release();
  const { forward, ...back } = Object.fromEntries(results);
  return { forward: forward!, back };
}

it.each([
  ['float64', DataType.DOUBLE, 1e-9],
  ['float32', DataType.FLOAT, 1e-3],
] as const)(
  'every formulation of both gradients is the transpose of the convolution in %s',
  async (_, float, tolerance) => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(convolutions, async (given) => {
        const { forward, back } = await pairings(given, float);
        for (const [name, value] of Object.entries(back)) {
          seen.add(name);
          expect(Math.abs(value - forward), name).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(forward)));
        }
      }),
      cases(30),
    );
    // No formulation is there that the cases do not reach.
    const all = [
      ...Object.keys(WEIGHT_GRADIENTS).map((name) => `weight ${name}`),
      ...Object.keys(INPUT_GRADIENTS).map((name) => `input ${name}`),
    ];
    expect([...seen].sort()).toEqual(all.sort());
  },
);
