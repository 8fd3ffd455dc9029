import { Graph, type ModelProto, vggStyle } from '@kneepoint/onnx';
import type { Shapes } from '@kneepoint/pruning';

/** Filters of the three layers, 3 × 3 each, on images of 16 × 16, 8 × 8 and 4 × 4. */
export const TINY_WIDTHS = [8, 12, 16] as const;
const SIZE = 16;

/** Image (3 × 16 × 16) → three convolutions with ReLU, pooling between → linear head; with the shape of every value at batch 1. */
export function tinyNet(seed = 1): { readonly model: ModelProto; readonly shapes: Shapes } {
  const [first, second, third] = TINY_WIDTHS;
  const model = vggStyle({ widths: [first, 'pool', second, 'pool', third], size: SIZE, seed });
  return { model, shapes: shapesOf(model) };
}

/** Names of the three convolutions, in order. */
export function layersOf(model: ModelProto): readonly string[] {
  const graph = new Graph(model);
  return graph
    .topological()
    .filter((node) => node.opType === 'Conv')
    .map((node) => graph.nodeName(node));
}

function shapesOf(model: ModelProto): Shapes {
  const shapes = new Map<string, readonly number[]>([['image', [1, 3, SIZE, SIZE]]]);
  let widths: readonly number[] = TINY_WIDTHS;
  for (const node of new Graph(model).topological()) {
    const [, channels = 1, height = 1, width = 1] = shapes.get(node.input[0]!)!;
    const [filters, ...rest] = widths;
    if (node.opType === 'Conv') widths = rest;
    const dims: Record<string, readonly number[]> = {
      Conv: [1, filters!, height, width],
      Relu: [1, channels, height, width],
      MaxPool: [1, channels, height / 2, width / 2],
      GlobalAveragePool: [1, channels, 1, 1],
      Flatten: [1, channels],
      Gemm: [1, 10],
    };
    shapes.set(node.output[0]!, dims[node.opType]!);
  }
  return shapes;
}
