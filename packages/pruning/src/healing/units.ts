import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import { Graph, volume } from '@kneepoint/onnx';
import type { Plan } from '../plan/plan.ts';
import { cutModel } from '../surgery/cut-model.ts';
import { type ResolvedPlan, resolvePlan } from '../surgery/resolve-plan.ts';
import type { Shapes } from '../trace/trace.ts';
import { type Layout, layoutOf } from './layout.ts';
import { type Unknowns, unknownsOf } from './unknowns.ts';

/** A network, what was planned for it, and what surgery made of it. */
export interface HealingRequest {
  readonly network: ModelProto;
  readonly shapes: Shapes;
  readonly plan: Plan;
  readonly cut: ModelProto;
  /** Name of the node that is left alone: the linear head, which is fitted to the task. */
  readonly head: string;
}

/** One node whose inputs are not what they were. */
export interface Site {
  /** Node name, in both networks. */
  readonly node: string;
  readonly op: string;
  /** Names of the value that the node reads and of the one that it makes, in both networks. */
  readonly input: string;
  readonly output: string;
  /** Of the cut network. */
  readonly layout: Layout;
  /** The filters that stay, as the original counts them. */
  readonly kept: Int32Array;
  /** How many filters the original has. */
  readonly filters: number;
}

/** Nodes that share one weight, and so are healed together; mostly a single one. */
export interface Unit {
  readonly sites: readonly Site[];
  readonly unknowns: Unknowns;
}

/** A layer that is not healed, and why. */
export interface LeftLayer {
  readonly layer: string;
  readonly op: string;
  readonly reason: string;
}

export interface HealingUnits {
  /** The original in the form that sites refer to. */
  readonly original: ModelProto;
  /** In graph order. */
  readonly units: readonly Unit[];
  readonly left: readonly LeftLayer[];
  /** Every value's shape at batch 1 in the cut network. */
  readonly cutShapes: Shapes;
  /** Whether a value of the cut network is data, and no arithmetic on sizes. */
  readonly carriesData: (value: string) => boolean;
}

/**
 * The linear nodes that lost inputs to a cut, or that read what has changed because of one. Throws as `prune` does.
 */
export function healingUnits({ network, shapes, plan, cut, head }: HealingRequest): HealingUnits {
  const resolved = resolvePlan(network, shapes, plan);
  const { trace } = resolved;
  const cutShapes = cutModel(trace, resolved.removed, shapes).shapes;
  const graph = new Graph(cut);
  const left: LeftLayer[] = [];
  const sites: Site[] = [];
  const layers = new Map(trace.layers.map((layer) => [layer.node.name, layer]));
  for (const node of changedNodes(graph, resolved)) {
    const layer = layers.get(node.name);
    if (!layer || node.name === head) continue;
    const site = siteOf(resolved, graph, node, { shapes, cutShapes });
    if (typeof site === 'string') left.push({ layer: node.name, op: node.opType, reason: site });
    else sites.push(site);
  }
  const units = shared(graph, sites, left).map((together): Unit => {
    return { sites: together, unknowns: unknownsOf(resolved, together) };
  });
  return { original: trace.graph.model, units, left, cutShapes, carriesData: (value) => trace.values.has(value) };
}

/** Nodes of the cut network whose kept outputs are no longer what the original computes, in topological order. */
function changedNodes(graph: Graph, { trace, removed }: ResolvedPlan): NodeProto[] {
  const lost = new Set(
    [...trace.consumptions, ...trace.averages]
      .filter(({ labels }) => labels.some(removed))
      .map(({ node }) => node.name),
  );
  const changed = new Set<string>();
  return graph.topological().filter((node) => {
    if (!lost.has(node.name) && !node.input.some((value) => changed.has(value))) return false;
    for (const output of node.output) changed.add(output);
    return true;
  });
}

function siteOf(
  { trace, removed }: ResolvedPlan,
  graph: Graph,
  node: NodeProto,
  { shapes, cutShapes }: { readonly shapes: Shapes; readonly cutShapes: Shapes },
): Site | string {
  const layout = layoutOf(graph, node, cutShapes);
  if (typeof layout === 'string') return layout;
  const { labels } = trace.layers.find((layer) => layer.node.name === node.name)!;
  const kept = Int32Array.from([...labels.keys()].filter((filter) => !removed(labels[filter]!)));
  const output = node.output[0]!;
  const whole = shapes.get(output);
  if (!whole || volume(whole) !== layout.positions * labels.length) return 'the cut took rows of its result';
  const input = node.input.find((value) => value !== layout.weight && value !== '')!;
  return { node: node.name, op: node.opType, input, output, layout, kept, filters: labels.length };
}

/** Sites by the weight that they read. Those that share it but not their bias would need one answer to two questions. */
function shared(graph: Graph, sites: readonly Site[], left: LeftLayer[]): Site[][] {
  const readers = new Map<string, Site[]>();
  for (const site of sites) {
    const { weight } = site.layout;
    readers.set(weight, [...(readers.get(weight) ?? []), site]);
  }
  return [...readers.values()].filter((together) => {
    const uses = graph.consumers(together[0]!.layout.weight).length;
    const nodes = together.map((site) => graph.producer(site.output)!);
    const biases = new Set(nodes.map((node) => (node.opType === 'MatMul' ? '' : (node.input[2] ?? ''))));
    const alike = together.every(({ op, layout }) => {
      const [{ op: first, layout: own }] = together as [Site];
      return op === first && layout.scale === own.scale && layout.groups === own.groups;
    });
    if (uses === together.length && biases.size === 1 && alike) return true;
    const reason =
      uses > together.length
        ? 'it shares its weights with a layer that is not healed'
        : 'it shares its weights, but not its bias, with another layer';
    for (const { node, op } of together) left.push({ layer: node, op, reason });
    return false;
  });
}
