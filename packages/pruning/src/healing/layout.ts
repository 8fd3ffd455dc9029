import type { Graph, NodeProto } from '@kneepoint/onnx';
import { constantDims, constantProto, floatAttr, intAttr, isFloatType, volume } from '@kneepoint/onnx';
import type { Shapes } from '../trace/trace.ts';
import { type Window, windowOf } from './window.ts';

/** Where the channels of a value lie and what its positions are: along an axis of a matrix of rows, or behind the channel axis of a map. */
export type Reading =
  | { readonly kind: 'map'; readonly window: Window | undefined }
  | { readonly kind: 'rows'; readonly rank: number; readonly inputAxis: number; readonly outputAxis: number };

/**
 * A linear node as `groups` dense layers side by side, the same at each of its output positions: `filters` outputs of each read
 * `channels` × `taps` inputs, which are its unknowns.
 */
export interface Layout {
  readonly groups: number;
  readonly filters: number;
  readonly channels: number;
  readonly taps: number;
  /** Output positions of one image. */
  readonly positions: number;
  readonly reading: Reading;
  /** What the node multiplies its weight by (Gemm's alpha). */
  readonly scale: number;
  /** Name of the stored weight. */
  readonly weight: string;
  /** Index into the stored weight. */
  weightAt(group: number, filter: number, unknown: number): number;
}

/** How a node lays out its weights, or why its weights cannot be fitted again. `shapes` at batch 1; spatial sizes are all that is read. */
export function layoutOf(graph: Graph, node: NodeProto, shapes: Shapes): Layout | string {
  const left = node.opType === 'MatMul' && constantProto(graph, node.input[0] ?? '') !== undefined;
  const weight = node.input[left ? 0 : 1] ?? '';
  const proto = constantProto(graph, weight);
  if (!proto) return 'its weights are computed or quantised';
  if (!isFloatType(proto.dataType)) return 'its weights are quantised';
  const [input, output] = [shapes.get(node.input[left ? 1 : 0] ?? ''), shapes.get(node.output[0] ?? '')];
  if (!input || !output) return 'the shapes around it are not known';
  const dims = constantDims(proto);
  switch (node.opType) {
    case 'Conv':
      return convolution(node, weight, dims, input, output);
    case 'ConvTranspose':
      return convolution(node, weight, dims, input, output);
    case 'Gemm': {
      if (node.input[2] && !constantProto(graph, node.input[2])) return 'its bias is computed';
      const scale = floatAttr(node, 'alpha', 1);
      if (scale === 0) return 'its alpha is 0';
      const rows = intAttr(node, 'transB', 0) === 1;
      const inputAxis = intAttr(node, 'transA', 0) === 1 ? 0 : 1;
      return matrix({ weight, dims, rows, scale, output, outputAxis: 1, rank: 2, inputAxis });
    }
    case 'MatMul': {
      if (dims.length !== 2) return 'it multiplies by a stack of matrices';
      if (input.length < 2) return 'its input has no rows';
      const axis = input.length - (left ? 2 : 1);
      return matrix({
        ...{ weight, dims, rows: left, scale: 1, output, rank: input.length },
        ...{ inputAxis: axis, outputAxis: axis },
      });
    }
    default:
      return `weights of ${node.opType} are not fitted again`;
  }
}

function convolution(
  node: NodeProto,
  weight: string,
  dims: readonly number[],
  input: readonly number[],
  output: readonly number[],
): Layout {
  const groups = intAttr(node, 'group', 1);
  const transposed = node.opType === 'ConvTranspose';
  const kernel = dims.slice(2);
  const taps = volume(kernel);
  const filters = transposed ? dims[1]! : dims[0]! / groups;
  const channels = transposed ? dims[0]! / groups : dims[1]!;
  const window = windowOf(node, kernel, input.slice(2), output.slice(2));
  return {
    ...{ groups, filters, channels, taps, weight, scale: 1 },
    positions: volume(output.slice(2)),
    reading: { kind: 'map', window },
    weightAt: (group, filter, unknown) => {
      if (!transposed) return (group * filters + filter) * channels * taps + unknown;
      const channel = Math.floor(unknown / taps);
      return ((group * channels + channel) * filters + filter) * taps + (unknown % taps);
    },
  };
}

function matrix(of: {
  readonly weight: string;
  readonly dims: readonly number[];
  /** Whether the filters are the matrix's rows. */
  readonly rows: boolean;
  readonly scale: number;
  readonly output: readonly number[];
  readonly rank: number;
  readonly inputAxis: number;
  readonly outputAxis: number;
}): Layout {
  const { weight, scale, rows, rank, inputAxis, outputAxis, output } = of;
  const [filters, channels] = rows ? [of.dims[0]!, of.dims[1]!] : [of.dims[1]!, of.dims[0]!];
  return {
    ...{ groups: 1, filters, channels, taps: 1, weight, scale },
    positions: volume(output) / output[outputAxis]!,
    reading: { kind: 'rows', rank, inputAxis, outputAxis },
    weightAt: (_, filter, unknown) => (rows ? filter * channels + unknown : unknown * filters + filter),
  };
}
