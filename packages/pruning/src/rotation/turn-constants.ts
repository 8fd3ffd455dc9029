import type { ModelProto, TensorProto } from '@kneepoint/onnx';
import {
  constantDims,
  constantProto,
  DataType,
  floatConstant,
  Graph,
  readTensor,
  valueInfo,
  volume,
} from '@kneepoint/onnx';
import type { Spread } from './linear-groups.ts';

/** Numbers of one tensor, in double precision while they are worked on. */
export interface Numbers {
  readonly dims: readonly number[];
  data: Float64Array;
}

/** The constants of a model while they are changed: read once, written back together. */
export class Constants {
  private readonly model: ModelProto;
  private readonly open = new Map<string, Numbers>();

  constructor(model: ModelProto) {
    this.model = model;
  }

  of(graph: Graph, name: string): Numbers {
    const known = this.open.get(name);
    if (known) return known;
    const stored = constantProto(graph, name)!;
    const numbers = {
      dims: constantDims(stored),
      data: Float64Array.from(readTensor(stored).data as ArrayLike<number>),
    };
    this.open.set(name, numbers);
    return numbers;
  }

  add(name: string, numbers: Numbers): void {
    this.open.set(name, numbers);
  }

  /** Stores them in float32 under their names; Constant nodes of these names go. */
  write(): void {
    const graph = new Graph(this.model);
    const { proto } = graph;
    const gone = new Set([...this.open.keys()].map((name) => graph.producer(name)));
    const made: TensorProto[] = [...this.open].map(([name, { dims, data }]) =>
      floatConstant(name, DataType.FLOAT, dims, data),
    );
    proto.node = proto.node.filter((node) => !gone.has(node));
    proto.initializer = [...proto.initializer.filter(({ name }) => !this.open.has(name)), ...made];
    if (this.model.irVersion >= 4n) return;
    // Before IR 4 a file lists its initializers as graph inputs.
    const listed = new Set(proto.input.map(({ name }) => name));
    for (const { name, dataType, dims } of made)
      if (!listed.has(name)) proto.input.push(valueInfo(name, dims.map(Number), dataType));
  }
}

/** The coordinates of every vector of channels along an axis in another basis (size × size, a direction a row). */
export function turned(
  { dims, data }: Numbers,
  basis: Float64Array,
  { axis, repeats, run }: Spread & { readonly axis: number },
): Float64Array {
  const size = Math.round(Math.sqrt(basis.length));
  const inner = volume(dims.slice(axis + 1)) * run;
  const outer = volume(dims.slice(0, axis)) * repeats;
  const result = new Float64Array(data.length);
  for (let block = 0; block < outer; block++) {
    const start = block * size * inner;
    for (let i = 0; i < size; i++) {
      const to = start + i * inner;
      for (let j = 0; j < size; j++) {
        const [factor, from] = [basis[i * size + j]!, start + j * inner];
        for (let k = 0; k < inner; k++) result[to + k]! += factor * data[from + k]!;
      }
    }
  }
  return result;
}
