import { elementCount, Graph, seededRandom } from '@kneepoint/onnx';
import { openSession } from '@kneepoint/runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cases } from '../testing/cases.ts';
import { Emitter } from './emitter.ts';

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });

/** What a graph of one input gives when it is made for each target, and its operators. */
async function onBoth(dims: readonly number[], make: (emit: Emitter, x: string) => string) {
  const random = seededRandom(1);
  const data = Float32Array.from({ length: elementCount(dims) }, () => random.normal());
  const [cpu, cuda] = await Promise.all(
    (['cpu', 'cuda'] as const).map(async (target) => {
      const emit = new Emitter({ target });
      const y = make(emit, emit.input('x', dims));
      emit.namedOutput(y, 'y');
      const model = emit.build();
      const session = await openSession(model, { threads: 1 });
      const { y: result } = await session.run({ x: { dims, data } });
      await session.release();
      expect(result!.dims).toEqual(emit.shape(y));
      const operators = new Graph(model).topological().map(({ opType }) => opType);
      return { dims: result!.dims, data: [...(result!.data as Float32Array)], operators };
    }),
  );
  return { cpu: cpu!, cuda: cuda! };
}

describe('a graph made for CUDA gives what one made for the CPU gives', () => {
  it('padded and cropped, without Pad', async () => {
    const given = shapes.chain((dims) => {
      const count = (dim: number) => fc.integer({ min: -Math.floor((dim - 1) / 2), max: 2 });
      return fc.record({
        dims: fc.constant(dims),
        before: fc.tuple(...dims.map(count)),
        after: fc.tuple(...dims.map(count)),
      });
    });
    await fc.assert(
      fc.asyncProperty(given, async ({ dims, before, after }) => {
        const { cpu, cuda } = await onBoth(dims, (emit, x) => emit.pad(x, before, after));
        expect(cuda.operators).not.toContain('Pad');
        expect([cuda.dims, cuda.data]).toEqual([cpu.dims, cpu.data]);
      }),
      cases(60),
    );
  });

  it('reduced over any axes', async () => {
    const given = shapes.chain((dims) =>
      fc.record({
        dims: fc.constant(dims),
        axes: fc.subarray(dims.map((_, axis) => axis)),
        keepdims: fc.boolean(),
        op: fc.constantFrom('ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceL2'),
      }),
    );
    await fc.assert(
      fc.asyncProperty(given, async ({ dims, axes, keepdims, op }) => {
        const { cpu, cuda } = await onBoth(dims, (emit, x) => emit.reduce(op, x, axes, keepdims));
        expect(cuda.dims).toEqual(cpu.dims);
        cuda.data.forEach((value, i) => expect(value).toBeCloseTo(cpu.data[i]!, 5));
      }),
      cases(60),
    );
  });

  it('reduced over batch and space of its channels in two steps', async () => {
    const { cuda } = await onBoth([2, 3, 4, 4], (emit, x) => emit.reduceMean(x, [0, 2, 3]));
    expect(cuda.operators.filter((op) => op === 'ReduceMean')).toHaveLength(2);
    const { cuda: whole } = await onBoth([2, 3, 4, 4], (emit, x) => emit.reduceMean(x));
    expect(whole.operators.filter((op) => op === 'ReduceMean')).toHaveLength(1);
  });
});
