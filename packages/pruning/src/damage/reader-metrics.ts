import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import { constantProto, Graph, readTensor, volume } from '@kneepoint/onnx';
import { prepare } from '../surgery/prepare.ts';
import type { Shapes } from '../trace/trace.ts';
import type { Reading } from './readings.ts';

/**
 * W Wᵀ over the weights with which a reading's readers sum its channels, parts × (width × width): what reaches the readers, where no
 * derivative says what reaches the answers. A reader without constant weights counts every channel the same.
 */
export function readerMetrics(model: ModelProto, shapes: Shapes, readings: readonly Reading[]): Float64Array[][] {
  const graph = new Graph(prepare(model, shapes));
  const nodes = new Map(graph.proto.node.map((node) => [node.name, node]));
  return readings.map((reading) => {
    const { width, parts, positions } = reading;
    const metrics = Array.from({ length: parts }, () => new Float64Array(width * width));
    for (const { node, input } of reading.readers) {
      const columns = weightColumns(graph, nodes.get(node)!, input);
      metrics.forEach((metric, part) => {
        for (let i = 0; i < width; i++) {
          for (let j = 0; j <= i; j++) {
            let sum = columns ? 0 : Number(i === j);
            for (let p = 0; columns && p < positions; p++) {
              const [a, b] = [i, j].map((channel) => reading.channels[(part * width + channel) * positions + p]!);
              sum += dot(columns(a!), columns(b!));
            }
            metric[i * width + j]! += sum;
            if (i !== j) metric[j * width + i]! += sum;
          }
        }
      });
    }
    return metrics;
  });
}

/** By channel of the input, every weight that multiplies it. */
type Columns = (channel: number) => Float64Array;

function weightColumns(graph: Graph, node: NodeProto, input: number): Columns | undefined {
  const proto = constantProto(graph, node.input[input === 0 ? 1 : 0] ?? '');
  if (!proto) return undefined;
  const { dims, data } = readTensor(proto);
  const axis = channelAxis(node, input, dims.length);
  if (axis === undefined) return undefined;
  const [inner, size] = [volume(dims.slice(axis + 1)), dims[axis]!];
  const outer = data.length / inner / size;
  const known = new Map<number, Float64Array>();
  return (channel) => {
    const stored = known.get(channel);
    if (stored) return stored;
    const column = new Float64Array(outer * inner);
    // Channels of a grouped convolution count on over its groups, weights only within one.
    const at = channel % size;
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) column[o * inner + i] = Number(data[(o * size + at) * inner + i]);
    }
    known.set(channel, column);
    return column;
  };
}

/** The axis of a weight that meets the channels of the other input. */
function channelAxis({ opType, attribute }: NodeProto, input: number, rank: number): number | undefined {
  switch (opType) {
    case 'Conv':
      return 1;
    case 'ConvTranspose':
      return 0;
    case 'Gemm': {
      const turned = attribute.some(({ name, i }) => name === (input === 0 ? 'transB' : 'transA') && Number(i) === 1);
      return (input === 0) === turned ? 1 : 0;
    }
    case 'MatMul':
      return input === 0 ? Math.max(0, rank - 2) : rank - 1;
    default:
      return undefined;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
