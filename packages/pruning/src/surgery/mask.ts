import { create } from '@bufbuild/protobuf';
import { type ModelProto, Graph, NodeProtoSchema } from '@kneepoint/onnx';
import type { Plan } from '../plan/plan.ts';
import type { Shapes, Trace } from '../trace/trace.ts';
import { elementType, numberConstant } from './element-type.ts';
import { namedCopy } from './prepare.ts';
import type { Removed } from './removed.ts';
import { leaveOutOfAverage } from './mask-average.ts';
import { type OverChannels, statisticsOf } from './over-channels.ts';
import { resolvePlan } from './resolve-plan.ts';

export interface MaskOptions {
  /** A removed class that is not masked, to show that the comparison would notice. */
  readonly leaveOut?: number;
  /** How statistics over channels count what is removed. Default: as the weights allow. */
  readonly over?: readonly OverChannels[];
}

/**
 * The original graph with the removed channels multiplied by zero where contractions consume them, and left out where a mean or a
 * normalisation is over channels (but for a mean or an extreme of channels that are zero there, which count): what surgery must equal. Masking at the producer would not do, since a removed channel is not zero
 * after a bias, a normalisation or a sigmoid. Throws as `prune`.
 */
export function mask(model: ModelProto, shapes: Shapes, plan: Plan, { leaveOut, over }: MaskOptions = {}): ModelProto {
  const { trace, removed } = resolvePlan(model, shapes, plan);
  const spared = leaveOut === undefined ? undefined : rootOf(trace, leaveOut);
  const counting = new Set(
    (over ?? statisticsOf(trace, removed)).flatMap((one) => (one.countsRemoved ? one.node : [])),
  );
  return maskInputs(model, trace, (label) => removed(label) && trace.labels.find(label) !== spared, counting);
}

/** The root label of a class id, which counts classes in the order in which layers first show them. */
function rootOf(trace: Trace, id: number): number | undefined {
  const roots = new Set<number>();
  for (const { labels } of trace.layers) for (const label of labels) roots.add(trace.labels.find(label));
  return [...roots][id];
}

function maskInputs(model: ModelProto, trace: Trace, removed: Removed, counting: ReadonlySet<string>): ModelProto {
  const copy = namedCopy(model);
  const graph = new Graph(copy);
  const nodes = new Map(copy.graph!.node.map((node) => [node.name, node]));
  const masked = new Map<string, string>();
  const [averages, zeros] = [false, true].map((counted) =>
    trace.averages.filter(({ node }) => counting.has(node.name) === counted),
  );
  for (const average of averages!) {
    const keep = average.labels.map((label) => (removed(label) ? 0 : 1));
    if (keep.includes(0)) leaveOutOfAverage(graph, nodes.get(average.node.name)!, average, keep);
  }
  for (const consumption of [...zeros!, ...trace.consumptions]) {
    const keep = consumption.labels.map((label) => (removed(label) ? 0 : 1));
    if (!keep.includes(0)) continue;
    const node = nodes.get(consumption.node.name)!;
    const value = node.input[consumption.input]!;
    const key = `${value}\n${consumption.axis}\n${keep.join('')}`;
    let name = masked.get(key);
    if (name === undefined) {
      name = `${value}_masked${masked.size + 1}`;
      masked.set(key, name);
      const dims = Array.from({ length: consumption.rank }, (_, axis) => (axis === consumption.axis ? keep.length : 1));
      copy.graph!.initializer.push(numberConstant(`${name}_mask`, elementType(graph, value), dims, keep));
      const before = copy.graph!.node.indexOf(node);
      const product = create(NodeProtoSchema, { name, opType: 'Mul', input: [value, `${name}_mask`], output: [name] });
      copy.graph!.node.splice(before, 0, product);
    }
    node.input[consumption.input] = name;
  }
  copy.graph!.valueInfo = [];
  return copy;
}
