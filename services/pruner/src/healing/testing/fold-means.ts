import {
  cloneModel,
  constantProto,
  floatTensor,
  Graph,
  intAttr,
  type ModelProto,
  readTensor,
  writeTensor,
} from '@kneepoint/onnx';
import { analyzeChannels, type Plan, type Shapes } from '@kneepoint/pruning';
import { pooledOver, type Images } from '../../run-over.ts';

/**
 * What healing is measured against: the mean of each removed channel, in the original, seen through the whole kernel of a convolution
 * that read it, b_o += Σ over removed c of (Σ over the kernel of W[o, c]) · mean_c. Convolutions of one group.
 */
export async function foldMeans(
  { network, shapes, plan, cut }: { network: ModelProto; shapes: Shapes; plan: Plan; cut: ModelProto },
  images: Images,
  rows: Int32Array,
): Promise<ModelProto> {
  const analysis = analyzeChannels(network, shapes);
  const { trace } = analysis;
  const gone = new Set(plan.removedClasses);
  const removed = (label: number): boolean => gone.has(analysis.classOf(label) ?? -1);
  const readers = trace.consumptions.filter(({ node, labels }) => {
    return node.opType === 'Conv' && intAttr(node, 'group', 1) === 1 && labels.some(removed);
  });
  const taps = readers.map(({ value, labels }) => ({ layer: value, value, channels: labels.length }));
  const { responses } = await pooledOver(network, taps, images, rows);
  const folded = cloneModel(cut);
  const original = new Graph(network);
  for (const { node, value, labels } of readers) {
    const { dims, data } = readTensor(constantProto(original, node.input[1]!)!);
    const pooled = responses.get(value)!;
    const channels = labels.length;
    const means = new Float64Array(channels);
    pooled.forEach((response, i) => (means[i % channels]! += (response * channels) / pooled.length));
    const kernel = dims.slice(2).reduce((product, size) => product * size, 1);
    const kept = plan.layers.find(({ name }) => name === node.name)!.kept;
    const copy = folded.graph!.node.find(({ name }) => name === node.name)!;
    const bias = constantProto(new Graph(folded), copy.input[2] ?? '');
    const before = bias ? (readTensor(bias).data as Float32Array) : new Float32Array(kept.length);
    const shifted = Float32Array.from(kept, (filter, i) => {
      let sum = before[i]!;
      labels.forEach((label, channel) => {
        const from = (filter * channels + channel) * kernel;
        for (let k = 0; removed(label) && k < kernel; k++) sum += Number(data[from + k]) * means[channel]!;
      });
      return sum;
    });
    copy.input[2] = `${node.name}/folded`;
    folded.graph!.initializer.push(writeTensor(copy.input[2], floatTensor([kept.length], shifted)));
  }
  return folded;
}
