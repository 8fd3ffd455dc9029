import { DataType, floatTensor, GraphBuilder, intTensor, type ModelProto, seededRandom } from '@kneepoint/onnx';

/** Pixels of an image's side. */
export const SIDE = 32;

/** Two layers of 16 filters and an answer of five numbers; what stands before and behind them is a case's own. */
class Small {
  readonly g = new GraphBuilder();
  readonly #random = seededRandom(3);

  weight(...dims: number[]): string {
    const spread = Math.sqrt(2 / dims.slice(1).reduce((a, b) => a * b, 1));
    const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => spread * this.#random.normal());
    return this.g.init({ dims, type: this.type, data });
  }

  constructor(private readonly type: DataType = DataType.FLOAT) {}

  layers(x: string, channels: number): string {
    const layer = (from: string, filters: number, read: number, name: string) =>
      this.g.relu(
        this.g.node('Conv', [from, this.weight(filters, read, 3, 3)], { pads: [1, 1, 1, 1], strides: [2, 2] }, name),
      );
    return layer(layer(x, 16, channels, 'first'), 16, 16, 'second');
  }

  answer(y: string, batch: number | string): ModelProto {
    const { g } = this;
    const features = g.flatten(g.globalAveragePool(y));
    g.output(g.node('Gemm', [features, this.weight(5, 16)], { transB: 1 }), [batch, 5], this.type);
    return g.build();
  }
}

/** Bytes with the channels last, one image at a time, scaled in the graph: what tf2onnx writes. */
export function bytesLast(): ModelProto {
  const net = new Small();
  const { g } = net;
  const x = g.node('Cast', [g.input('pixels', [1, SIDE, SIDE, 3], DataType.UINT8)], { to: DataType.FLOAT });
  const scaled = g.node('Div', [
    g.node('Sub', [x, g.init(floatTensor([3], [123, 117, 104]))]),
    g.init(floatTensor([3], [58, 57, 57])),
  ]);
  return net.answer(net.layers(g.node('Transpose', [scaled], { perm: [0, 3, 1, 2] }), 3), 1);
}

/** Half precision inside and out. */
export function half(): ModelProto {
  const net = new Small(DataType.FLOAT16);
  return net.answer(net.layers(net.g.input('x', ['batch_size', 3, SIDE, SIDE], DataType.FLOAT16), 3), 'batch_size');
}

/** Every image makes a kernel of its own, so that two never share a run. */
export function modulated(): ModelProto {
  const net = new Small();
  const { g } = net;
  const x = g.input('x', [1, 3, SIDE, SIDE]);
  const style = g.node('Sigmoid', [g.globalAveragePool(x)]);
  const kernel = g.node('Mul', [
    g.init(floatTensor([3, 1, 1, 1], [1, 1.5, 2])),
    g.node('Reshape', [style, g.init(intTensor([3, 1, 1, 1]))]),
  ]);
  return net.answer(net.layers(g.node('Conv', [x, kernel], { group: 3 }), 3), 1);
}

/** Images of any height and width with transparency, and an input that nothing reads. */
export function transparent(): ModelProto {
  const net = new Small();
  net.g.input('training', [], DataType.BOOL);
  return net.answer(net.layers(net.g.input('x', ['n', 4, 'height', 'width']), 4), 'n');
}
