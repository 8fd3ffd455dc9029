import type { ModelProto } from '@kneepoint/onnx';
import { DataType, floatTensor, GraphBuilder, intTensor } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { checkGradient, gradientsOf } from '../testing/check-gradient.ts';
import { awayFrom } from '../testing/data.ts';

/** Makes a model of the values x (2 × 6) and y (2 × 6), one output. */
function model(make: (graph: GraphBuilder, x: string, y: string) => string): ModelProto {
  const graph = new GraphBuilder({ opset: 18 });
  const [x, y] = ['x', 'y'].map((name) => graph.input(name, [2, 6]));
  graph.output(make(graph, x!, y!));
  return graph.build();
}

describe('an operator that is flat', () => {
  it.each(['Floor', 'Ceil', 'Round', 'Sign'])('%s passes no gradient, and others go around it', async (op) => {
    const corners = Array.from({ length: 41 }, (_, i) => (i - 20) / 2);
    await checkGradient({
      model: model((graph, x, y) => graph.node('Mul', [graph.node(op, [x]), graph.node('Add', [x, y])])),
      data: { x: awayFrom(corners) },
    });
  });

  it('a comparison chooses, and the gradient goes to what it chose', async () => {
    await checkGradient({
      model: model((graph, x, y) => {
        const above = graph.node('Greater', [x, graph.init(floatTensor([], [0.2]))]);
        const below = graph.node('Less', [x, graph.init(floatTensor([], [1]))]);
        return graph.node('Where', [graph.node('And', [above, below]), graph.node('Mul', [x, x]), y]);
      }),
      data: { x: awayFrom([0.2, 1]) },
    });
  });

  it('integers that are made of a value carry no gradient back to it', async () => {
    await checkGradient({
      model: model((graph, x, y) => {
        const best = graph.node('ArgMax', [x], { axis: 1, keepdims: 1 });
        const number = graph.node('Cast', [best], { to: DataType.FLOAT });
        return graph.node('Mul', [number, graph.node('GatherElements', [y, best], { axis: 1 })]);
      }),
    });
  });

  it('a shape carries none either', async () => {
    await checkGradient({
      model: model((graph, x, y) => graph.node('Reshape', [x, graph.node('Shape', [y])])),
      by: ['x', 'y'],
    });
  });
});

describe('Cast', () => {
  it('within a network of half precision trains in the element type of the step', async () => {
    const half = model((graph, x, y) => {
      const narrow = graph.node('Cast', [x], { to: DataType.FLOAT16 });
      return graph.node('Mul', [graph.node('Cast', [narrow], { to: DataType.FLOAT }), y]);
    });
    await checkGradient({ model: half });
  });

  it('by example does the same', async () => {
    await checkGradient({
      model: model((graph, x, y) => graph.node('Mul', [graph.node('CastLike', [x, y]), y])),
    });
  });
});

describe('an operator without a derivative', () => {
  const determinant = (by: string) => ({
    model: model((graph, x, y) => {
      const square = graph.node('Slice', [x, ...[[0], [2], [1]].map((at) => graph.init(intTensor(at)))]);
      return graph.node('Mul', [graph.node('Det', [square], {}, 'volume'), y]);
    }),
    by: [by],
  });

  it('is named where a gradient must pass it', async () => {
    await expect(gradientsOf(determinant('x'))).rejects.toMatchObject({
      code: 'AUTODIFF_OPERATOR',
      message: expect.stringContaining('Det') as string,
      where: 'node volume',
    });
  });

  it('does not matter where none must', async () => {
    const { gradients } = await gradientsOf(determinant('y'));
    expect(Object.keys(gradients)).toEqual(['y']);
  });

  it('is named where its operands are computed by the graph', async () => {
    const graph = new GraphBuilder({ opset: 18 });
    const operands = [graph.input('x', [4]), ...['from', 'to'].map((name) => graph.input(name, [1], DataType.INT64))];
    graph.output(graph.node('Slice', operands, {}, 'window'));
    const at = (value: bigint) => ({ dims: [1], type: DataType.INT64, data: BigInt64Array.of(value) });
    const request = { model: graph.build(), data: { from: at(1n), to: at(3n) } };
    await expect(gradientsOf(request)).rejects.toMatchObject({ code: 'AUTODIFF_OPERATOR', where: 'node window' });
  });
});
