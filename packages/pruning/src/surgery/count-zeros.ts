import { create } from '@bufbuild/protobuf';
import type { NodeProto } from '@kneepoint/onnx';
import { NodeProtoSchema } from '@kneepoint/onnx';

/**
 * Makes a statistic over the channels that stay one over all of them, of which the others are zero: (1/n) Σ over all is k/n of the mean over
 * the k kept, max over all is max(0, max over the kept), and so is min. The node writes `output`; what is returned reads that and writes
 * what the node wrote; undefined where it does so already.
 */
export function countZeros(
  node: NodeProto,
  {
    output,
    source,
    share,
    constant,
  }: {
    readonly output: string;
    /** The operator that gives what the statistic is over. */
    readonly source: string;
    readonly share: number;
    readonly constant: (value: number) => string;
  },
): NodeProto | undefined {
  const result = node.output[0]!;
  const written = WRITTEN[node.opType];
  if (!written || (node.opType === 'ReduceMax' && NOT_NEGATIVE.has(source))) return undefined;
  node.output[0] = output;
  const inputs = written.with === undefined ? [output] : [output, constant(written.with(share))];
  return create(NodeProtoSchema, { name: `${node.name}_of_all`, opType: written.op, input: inputs, output: [result] });
}

/** Operators whose results no zero is larger than. */
const NOT_NEGATIVE: ReadonlySet<string> = new Set(['Relu', 'Sigmoid', 'HardSigmoid', 'Abs', 'Softplus', 'Softmax']);

const WRITTEN: Readonly<Record<string, { readonly op: string; readonly with?: (share: number) => number }>> = {
  ReduceMean: { op: 'Mul', with: (share) => share },
  ReduceMax: { op: 'Relu' },
  ReduceMin: { op: 'Min', with: () => 0 },
};
