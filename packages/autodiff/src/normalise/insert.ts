import { create } from '@bufbuild/protobuf';
import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import { cloneModel, floatTensor, Graph, NodeProtoSchema, readTensor, setAttr } from '@kneepoint/onnx';
import type { Moments } from './channel-moments.ts';
import {
  biasOf,
  filterNorms,
  freeName,
  ownInitializer,
  scaledFilters,
  setInitializer,
  toPlainForm,
  withoutBias,
} from './layer.ts';
import type { NormalisationSite } from './sites.ts';

/** ε of an inserted normalisation as a share of the mean variance of its channels: a channel that never varies stays at rest. */
const EPSILON_SHARE = 1e-5;
/** Filters get the norm that He initialisation gives them on the mean, whatever their size. */
const NORM = Math.SQRT2;

/** A model with normalisations that were not in it, and their node names, by layer. */
export interface Normalised {
  readonly model: ModelProto;
  readonly norms: ReadonlyMap<string, string>;
}

/**
 * A copy of a model with a BatchNormalization behind each site that changes nothing (in inference, up to the rounding of float32): with
 * n = ‖W‖ / √2 per filter and μ, σ² the moments of the new responses z = (W / n) x, the layer becomes W / n without a bias, and
 * the normalisation has running statistics μ and σ², scale σ·n and shift bias + n·μ. Weights of any size become ones that a step of one
 * length moves alike. A filter of norm 0 keeps its zeros. The shift is named as the bias was.
 * @param moments of each site's value, as the model makes it
 */
export function insertNormalisation(
  model: ModelProto,
  sites: readonly NormalisationSite[],
  moments: ReadonlyMap<string, Moments>,
): Normalised {
  return insert(model, sites, (site, norms, bias) => {
    const { mean, variance } = moments.get(site.value)!;
    const own = variance.map((value, k) => value / norms[k]! ** 2);
    const epsilon = Math.fround(
      EPSILON_SHARE * (own.reduce((sum, value) => sum + value, 0) / own.length) || EPSILON_SHARE,
    );
    const centre = mean.map((value, k) => (value - bias[k]!) / norms[k]!);
    return {
      epsilon,
      scale: own.map((value, k) => Math.sqrt(Math.fround(value) + epsilon) * norms[k]!),
      shift: bias.map((value, k) => value + norms[k]! * Math.fround(centre[k]!)),
      mean: centre,
      variance: own,
    };
  });
}

/** The same for a network that has learned nothing: scales of 1, shifts of 0, statistics that the first batches fill. */
export function insertFreshNormalisation(model: ModelProto, sites: readonly NormalisationSite[]): Normalised {
  return insert(model, sites, (_site, norms) => {
    const all = (value: number): Float64Array => new Float64Array(norms.length).fill(value);
    return { epsilon: EPSILON_SHARE, scale: all(1), shift: all(0), mean: all(0), variance: all(1) };
  });
}

interface Parameters {
  readonly epsilon: number;
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

type Choose = (site: NormalisationSite, norms: Float64Array, bias: Float64Array) => Parameters;

function insert(model: ModelProto, sites: readonly NormalisationSite[], choose: Choose): Normalised {
  const copy = cloneModel(model);
  const names = new Graph(model);
  copy.graph!.node.forEach((node, i) => (node.name = names.nodeName(names.proto.node[i]!)));
  const norms = new Map<string, string>();
  for (const site of sites) norms.set(site.layer, insertOne(copy, site, choose));
  return { model: copy, norms };
}

function insertOne(model: ModelProto, site: NormalisationSite, choose: Choose): string {
  const layer = model.graph!.node.find(({ name }) => name === site.layer)!;
  toPlainForm(model, layer);
  const graph = new Graph(model);
  const [x = '', weightName = '', biasName = ''] = layer.input;
  const weight = readTensor(graph.initializer(weightName)!);
  const lengths = filterNorms(layer, weight).map((length) => (length > 0 ? length / NORM : 1));
  const bias = biasOf(graph, layer, lengths.length);
  const { epsilon, scale, shift, mean, variance } = choose(site, lengths, bias);
  setInitializer(
    model,
    weightName,
    scaledFilters(
      layer,
      weight,
      lengths.map((length) => 1 / length),
    ),
  );
  const shiftName = ownInitializer(
    model,
    biasName === '' ? `${site.layer}.bias` : biasName,
    floatTensor([shift.length], Float32Array.from(shift)),
    layer,
  );
  layer.input = [x, weightName, ...withoutBias(model, layer)];

  const name = freeName(graph, `${site.layer}/normalisation`);
  const own = (part: string, values: Float64Array): string =>
    ownInitializer(model, `${name}.${part}`, floatTensor([values.length], Float32Array.from(values)));
  const raw = freeName(graph, `${site.value}/raw`);
  layer.output = [raw];
  const norm: NodeProto = create(NodeProtoSchema, {
    name,
    opType: 'BatchNormalization',
    input: [raw, own('scale', scale), shiftName, own('mean', mean), own('variance', variance)],
    output: [site.value],
  });
  setAttr(norm, 'epsilon', { float: epsilon });
  // Written out although it is the default: a tenth of each batch goes into the running statistics.
  setAttr(norm, 'momentum', { float: 0.9 });
  model.graph!.node.splice(model.graph!.node.indexOf(layer) + 1, 0, norm);
  return name;
}
