import { DataType, elementCount, Graph, intsAttr, type ModelProto, seededRandom } from '@kneepoint/onnx';
import { openSession } from '@kneepoint/runtime';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Emitter, type Target } from '../emit/emitter.ts';
import { cases, windows, type WindowCase } from '../testing/cases.ts';
import { blockOf } from './blocked-convolutions.ts';
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
async function pairings(
  given: Case,
  float: DataType,
  block: number,
  target: Target = 'cpu',
): Promise<{ forward: number; back: Record<string, number> }> {
  const { large, kernel, strides: stride, dilations: dilation, pads, batch, group, inner, outer } = given;
  const small = large.map((size, axis) => {
    const room = size + pads[axis]! + pads[axis + kernel.length]! - dilation[axis]! * (kernel[axis]! - 1) - 1;
    return Math.floor(room / stride[axis]!) + 1;
  });
  const window = windowOf({ kernel, stride, dilation, before: pads.slice(0, kernel.length), large, small });
  const emit = new Emitter({ float, block, target });
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
  const model = emit.build();
  if (target === 'cuda') expectFastOnCuda(model);
  const session = await openSession(model, { threads: 1 });
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

const only = <T>(values: Record<string, T>): T => Object.values(values)[0]!;

/** Found by trying; 16 where the processor has registers for it. */
const block = await blockOf(async (model, feeds) => {
  const session = await openSession(model);
  const { data } = only(await session.run(feeds));
  await session.release();
  return data as Float32Array;
});

it.each([
  ['float64', DataType.DOUBLE, 1e-9, 0, 'cpu'],
  ['float32', DataType.FLOAT, 1e-3, 0, 'cpu'],
  ['float32 for CUDA', DataType.FLOAT, 1e-3, 0, 'cuda'],
  ['float32 in blocks of channels', DataType.FLOAT, 1e-3, block, 'cpu'],
] as const)(
  'every formulation of both gradients is the transpose of the convolution in %s',
  async (_, float, tolerance, size, target) => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(convolutions, async (drawn) => {
        const given = size === 0 ? drawn : widened(drawn, size);
        const { forward, back } = await pairings(given, float, size, target);
        for (const [name, value] of Object.entries(back)) {
          seen.add(name);
          expect(Math.abs(value - forward), name).toBeLessThanOrEqual(tolerance * Math.max(10, Math.abs(forward)));
        }
      }),
      cases(30),
    );
    // No formulation is there that the cases do not reach.
    const all = [
      ...Object.keys(WEIGHT_GRADIENTS).map((name) => `weight ${name}`),
      ...Object.keys(INPUT_GRADIENTS).map((name) => `input ${name}`),
    ].filter((name) => size > 0 || !IN_BLOCKS.includes(name));
    expect([...seen].sort()).toEqual(all.sort());
  },
);

/** No Pad, and ConvTranspose padded alike at both ends: any other goes back to the CPU (see `transposedEvenly`). */
function expectFastOnCuda(model: ModelProto): void {
  for (const node of new Graph(model).topological()) {
    expect(node.opType).not.toBe('Pad');
    const pads = intsAttr(node, 'pads', []);
    if (node.opType !== 'ConvTranspose') continue;
    expect(pads.slice(0, pads.length / 2)).toEqual(pads.slice(pads.length / 2));
  }
}

const IN_BLOCKS: readonly string[] = ['weight byDepthwise', 'input bySpacing'];

/** On two axes, with channels enough for every way of blocking: few, ragged, whole, grouped and depthwise. */
function widened(drawn: Case, size: number): Case {
  const both = (values: readonly number[]) => (drawn.kernel.length === 2 ? values : values.flatMap((v) => [v, v]));
  const { group, inner, outer, batch } = drawn;
  const { large, kernel, strides, dilations, pads } = drawn;
  const given = {
    batch,
    large: both(large),
    kernel: both(kernel),
    strides: both(strides),
    dilations: both(dilations),
    pads: both(pads),
  };
  if (group === 1) return { ...given, group, inner: inner === 1 ? 3 : inner * (size - 4), outer: outer * 5 };
  if (group === 2) return { ...given, group, inner: inner * size, outer: outer * size };
  return { ...given, group: size * batch, inner: 1, outer: inner };
}
