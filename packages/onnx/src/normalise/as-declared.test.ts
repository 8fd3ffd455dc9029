import { describe, expect, it } from 'vitest';
import { averageGrid, GRID_NODES } from '../average-grid.ts';
import { GraphBuilder } from '../builder.ts';
import { Graph } from '../graph.ts';
import type { ModelProto } from '../proto.ts';
import { DataType } from '../proto.ts';
import { noise, runModel } from '../testing/runtime.ts';
import { dimsOf } from '../value-info.ts';
import { asDeclared } from './as-declared.ts';
import { asImages } from './as-images.ts';
import { declaredForm, noteForm } from './declared-form.ts';
import { normaliseModel } from './normalise-model.ts';
import { freeBatch } from '../batch/free-batch.ts';

/** A network in the form that it is worked on, which knows how its original was declared. */
function worked(original: ModelProto, size?: { height: number; width: number }): ModelProto {
  const images = asImages(normaliseModel(original).model, { size });
  const { model } = freeBatch(images.model);
  noteForm(model, declaredForm(original, model, images.last));
  return model;
}

function network(dims: readonly (number | string)[], build?: (g: GraphBuilder, x: string) => string): ModelProto {
  const g = new GraphBuilder();
  const x = g.input('image', dims);
  const kernel = [4, 3, 3, 3];
  const y = g.conv(x, { dims: kernel, type: DataType.FLOAT, data: noise(kernel, 1) });
  g.output(build ? build(g, y) : g.node('GlobalAveragePool', [y]), [dims[0]!, undefined]);
  return g.build();
}

const declared = (model: ModelProto) =>
  [...new Graph(model).inputs, ...new Graph(model).outputs].map((value) => dimsOf(value).slice(0, 4));

describe('a written network', () => {
  it('has the batch that its original had, any where it is asked for, or a number', () => {
    const fixed = worked(network([1, 3, 6, 6]));
    expect(declared(fixed)[0]).toEqual(['N', 3, 6, 6]);
    expect(declared(asDeclared(fixed))).toEqual([
      [1, 3, 6, 6],
      [1, undefined],
    ]);
    expect(declared(asDeclared(fixed, { batch: 'free' }))).toEqual([
      ['N', 3, 6, 6],
      ['N', undefined],
    ]);
    expect(declared(asDeclared(fixed, { batch: 8 }))).toEqual([
      [8, 3, 6, 6],
      [8, undefined],
    ]);
    const minus = worked(network([-1, 3, 6, 6]));
    expect(declared(asDeclared(minus))).toEqual([
      [-1, 3, 6, 6],
      ['N', undefined],
    ]);
    const named = worked(network(['batch_size', 3, 6, 6]));
    expect(named.metadataProps).toEqual([]);
    expect(asDeclared(named)).toBe(named);
    expect(declared(asDeclared(named, { batch: 2 }))[0]).toEqual([2, 3, 6, 6]);
    expect(declared(asDeclared(named, { batch: 'free' }))[0]).toEqual(['batch_size', 3, 6, 6]);
  });

  it('keeps inputs that nothing reads, and their order', () => {
    const g = new GraphBuilder();
    g.input('first', ['n', 2], DataType.INT64);
    const x = g.input('image', ['n', 3, 4, 4]);
    g.output(g.relu(x), ['n', 3, 4, 4]);
    const original = g.build();
    const model = worked(original);
    expect(new Graph(model).inputs.map(({ name }) => name)).toEqual(['image']);
    expect(asDeclared(model).graph!.input).toEqual(original.graph!.input);
  });

  it('is refused another batch than the one that it runs with', () => {
    const alone = worked(network([1, 3, 6, 6], (g, y) => g.node('Squeeze', [g.node('GlobalAveragePool', [y])])));
    expect(declared(alone)[0]![0]).toBe(1);
    expect(() => asDeclared(alone, { batch: 'free' })).toThrow('the network runs 1 at a time');
    expect(declared(asDeclared(alone))[0]).toEqual([1, 3, 6, 6]);
  });

  it('takes images of any size again, and the grid that its head reads follows them', async () => {
    const grid = (side: number) => (g: GraphBuilder, y: string) => {
      const stages = averageGrid([side - 2, side - 2])!;
      const names = GRID_NODES.slice(-stages.length);
      return g.node('Flatten', [
        stages.reduce(
          (at, { kernel, strides }, i) =>
            g.node('AveragePool', [at], { kernel_shape: [...kernel], strides: [...strides] }, names[i]),
          y,
        ),
      ]);
    };
    const original = network(['n', 3, 'h', 'w'], grid(9));
    const model = asDeclared(worked(original, { height: 9, width: 9 }));
    expect(declared(model)[0]).toEqual(['n', 3, 'h', 'w']);
    for (const side of [9, 14, 34]) {
      const image = { image: { dims: [2, 3, side, side], data: noise([2, 3, side, side], side) } };
      const wanted = Object.values(await runModel(network(['n', 3, side, side], grid(side)), image))[0]!;
      const found = Object.values(await runModel(model, image))[0]!;
      expect(found.dims).toEqual(wanted.dims);
      found.data.forEach((value, i) => expect(value).toBeCloseTo(wanted.data[i]!, 5));
    }
    expect(
      declared(asDeclared(worked(original, { height: 9, width: 9 }), { freeSize: { height: false, width: false } }))[0],
    ).toEqual([...['n', 3, 9, 9]]);
  });
});
