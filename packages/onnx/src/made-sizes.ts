import { Failure } from '@kneepoint/failures';
import { hasAttr, intAttr, intsAttr, stringAttr } from './attributes.ts';
import { Folder } from './fold/folder.ts';
import { Graph, isDefaultDomain } from './graph.ts';
import { DEFAULT_LIMITS, MODEL_LIMITS } from './limits.ts';
import type { ModelProto, NodeProto } from './proto.ts';
import { elementCount } from './tensor.ts';
import { allGraphs } from './walk.ts';

/**
 * Refuses operators that make more elements than the limit by stored numbers alone, in the main graph and in those inside it: what they
 * would fill is known before anything is run. What follows from shapes that only a run tells is left to the cap of the process.
 * Throws MODEL_TOO_LARGE naming the node.
 */
export function refuseMadeLarge(model: ModelProto, most: number = DEFAULT_LIMITS.made): void {
  if (!model.graph) return;
  const outer = new Scope(new Graph(model));
  for (const proto of allGraphs(model.graph)) {
    const scope = proto === model.graph ? outer : new Scope(new Graph({ ...model, graph: proto }), outer);
    for (const node of scope.graph.topological()) {
      const count = scope.made(node);
      if (count <= most) continue;
      throw new Failure(
        'MODEL_TOO_LARGE',
        `stored numbers ask for ${count} ${MODEL_LIMITS.made.what}; the limit is ${most}`,
        {
          where: `node ${scope.graph.nodeName(node)} (${node.opType})`,
        },
      );
    }
  }
}

/** The constants of one graph, and how many elements its values have at least. */
class Scope {
  readonly graph: Graph;
  private readonly folder: Folder;
  private readonly outer: Scope | undefined;
  private readonly counts = new Map<string, number>();

  constructor(graph: Graph, outer?: Scope) {
    this.graph = graph;
    this.outer = outer;
    this.folder = new Folder(graph, () => undefined);
  }

  /** The least number of elements of the first output of a node, noted for the nodes that read it. */
  made(node: NodeProto): number {
    const rule = isDefaultDomain(node.domain) ? RULES[node.opType] : undefined;
    const count = rule?.(new Site(node, this)) ?? 0;
    const name = node.output[0];
    if (name !== undefined && count > 1) this.counts.set(name, count);
    return count;
  }

  count(name: string): number {
    const stored = this.graph.initializer(name);
    if (stored) return elementCount(stored.dims.map(Number));
    return this.counts.get(name) ?? this.outer?.count(name) ?? 1;
  }

  numbers(name: string): readonly number[] | undefined {
    if (name === '') return undefined;
    const known = quietly(() => this.folder.value(name), undefined);
    return known ? [...known.data] : this.outer?.numbers(name);
  }
}

/** What a rule may ask about its node; whatever is not known, or is of another type, counts as nothing. */
class Site {
  constructor(
    readonly node: NodeProto,
    private readonly scope: Scope,
  ) {}

  /** Elements of an input, at least. */
  count(input: number): number {
    return this.scope.count(this.node.input[input] ?? '');
  }

  counts(): number[] {
    return this.node.input.map((_name, i) => this.count(i));
  }

  numbers(input: number): readonly number[] {
    return this.scope.numbers(this.node.input[input] ?? '') ?? [];
  }

  /** The product of an input's numbers; 0 where they are not known. */
  product(input: number): number {
    const numbers = this.numbers(input);
    return numbers.length === 0 ? 0 : elementCount(numbers);
  }

  ints(attribute: string): readonly number[] {
    return quietly(() => intsAttr(this.node, attribute, []), []);
  }

  /** Dimensions of the stored weight. */
  weightDims(): readonly number[] {
    return this.scope.graph.initializer(this.node.input[1] ?? '')?.dims.map(Number) ?? [];
  }

  int(attribute: string): number {
    return quietly(() => intAttr(this.node, attribute, 0), 0);
  }
}

/** What makes no sense, such as an attribute of another type, is for ONNX Runtime to refuse. */
function quietly<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

type Rule = (site: Site) => number;

const same: Rule = (site) => site.count(0);
const largest: Rule = (site) => Math.max(0, ...site.counts());
const product = (numbers: readonly number[]): number => (numbers.length === 0 ? 0 : elementCount(numbers));

/** The elements that a node makes, at least, by operator. */
const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    'Identity Cast CastLike Reshape Unsqueeze Squeeze Transpose Flatten Abs Neg Relu Sigmoid Tanh Exp Log Sqrt Not Floor Ceil Erf Softmax Clip'
      .split(' ')
      .map((op) => [op, same]),
  ),
  ...Object.fromEntries(
    'Add Sub Mul Div Pow Mod Min Max Mean Sum Where And Or Xor Equal Less Greater PRelu'
      .split(' ')
      .map((op) => [op, largest]),
  ),
  ConstantOfShape: (site) => site.product(0),
  Expand: (site) => Math.max(site.product(1), site.count(0)),
  Tile: (site) => site.count(0) * site.product(1),
  Concat: (site) => site.counts().reduce((sum, count) => sum + count, 0),
  Range: (site) => {
    const [[start], [limit], [delta]] = [site.numbers(0), site.numbers(1), site.numbers(2)];
    if (start === undefined || limit === undefined || !delta) return 0;
    return Math.max(0, Math.ceil((limit - start) / delta));
  },
  Resize: (site) => Math.max(site.product(3), site.product(2) * site.count(0)),
  Upsample: (site) => Math.max(site.product(1), product(quietly(() => scalesOf(site.node), []))) * site.count(0),
  Pad: (site) => padded(site.numbers(1).length > 0 ? site.numbers(1) : site.ints('pads')),
  OneHot: (site) => site.count(0) * (site.numbers(1)[0] ?? 0),
  RandomNormal: (site) => product(site.ints('shape')),
  RandomUniform: (site) => product(site.ints('shape')),
  MaxUnpool: (site) => site.product(2),
  AffineGrid: (site) => site.product(1),
  CenterCropPad: (site) => site.product(1),
  Col2Im: (site) => site.product(1),
  RoiAlign: (site) => site.int('output_height') * site.int('output_width'),
  MaxRoiPool: (site) => product(site.ints('pooled_shape')),
  HannWindow: (site) => site.product(0),
  HammingWindow: (site) => site.product(0),
  BlackmanWindow: (site) => site.product(0),
  DFT: (site) => site.product(1),
  Conv: windows,
  MaxPool: windows,
  AveragePool: windows,
  LpPool: windows,
  ConvTranspose: (site) => {
    const kernel = kernelOf(site);
    const added = site.ints('output_padding');
    const spread = kernel.map((side, i) => (side - 1) * (site.ints('dilations')[i] ?? 1) + 1 + (added[i] ?? 0));
    const pads = sums(site.ints('pads'));
    return Math.max(
      product(site.ints('output_shape')),
      product(spread.map((side, i) => Math.max(1, side - (pads[i] ?? 0)))),
    );
  },
};

function scalesOf(node: NodeProto): readonly number[] {
  return node.attribute.find(({ name }) => name === 'scales')?.floats ?? [];
}

/** Begins, then ends, of every axis: what an axis of one element or more is widened to. */
function padded(pads: readonly number[]): number {
  return product(sums(pads).map((sum) => Math.max(1, sum)));
}

function sums(pads: readonly number[]): number[] {
  const axes = Math.floor(pads.length / 2);
  return Array.from({ length: axes }, (_, i) => pads[i]! + pads[i + axes]!);
}

/** Positions of a window over one element and its padding. */
function windows(site: Site): number {
  if (quietly(() => hasAttr(site.node, 'auto_pad') && stringAttr(site.node, 'auto_pad') !== 'NOTSET', true)) return 0;
  const [kernel, strides, dilations] = [kernelOf(site), site.ints('strides'), site.ints('dilations')];
  const pads = sums(site.ints('pads'));
  if (kernel.length === 0) return 0;
  return product(
    pads.map((sum, i) => {
      const reach = ((kernel[i] ?? 1) - 1) * (dilations[i] ?? 1) + 1;
      return Math.max(1, Math.floor((1 + sum - reach) / Math.max(1, strides[i] ?? 1)) + 1);
    }),
  );
}

function kernelOf(site: Site): readonly number[] {
  const stated = site.ints('kernel_shape');
  return stated.length > 0 ? stated : site.weightDims().slice(2);
}
