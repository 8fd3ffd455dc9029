import { clone } from '@bufbuild/protobuf';
import type { Graph } from '@kneepoint/onnx';
import { cloneModel, floatTensor, NodeProtoSchema, setAttr, writeTensor } from '@kneepoint/onnx';
import { orthonormalRows } from '../algebra/orthonormal.ts';
import { product } from '../algebra/products.ts';
import { count, kernelOf, type LinearPath, ungrouped, valuesOf } from './linear-path.ts';
import { type HeadSite, type Shaped, shifted, withHead } from './head-site.ts';
import { free } from './free-name.ts';

/**
 * A convolution K that the linear head W reads through averages, with as many filters as W has rows (targets × cells), where these are fewer. With V an
 * orthonormal basis of W's rows over channels, W = W VᵀV, and averages act on each channel by itself:
 *
 *     W · P(s∘K x) = (W Vᵀ) · P(V · s∘K x).
 *
 * Convolution and head together can still be whatever they could be: what the head gives in each cell is a sum of targets × cells convolutions in any
 * case. The node gets a name of its own, being none of the network's layers. Undefined where that costs no less.
 */
export function narrowConvolution(
  { model, shapes }: Shaped,
  graph: Graph,
  site: HeadSite,
  { conv, scale, shift }: LinearPath,
): Shaped | undefined {
  const { head, cells, targets } = site;
  const { inputs, outputs, group, lengths } = kernelOf(graph, conv);
  const after = shapes.get(conv.output[0]!);
  const rank = targets * cells;
  if (!after || rank >= outputs) return undefined;
  const taps = count(lengths);
  const positions = count(after.slice(2));
  const costs = (filters: number, each: number): number => filters * (positions * each * taps + targets * cells);
  if (costs(rank, inputs) >= costs(outputs, inputs / group)) return undefined;

  const old = valuesOf(graph, head.input[1]!)!;
  const rows = new Float64Array(rank * outputs);
  for (let t = 0; t < targets; t++) {
    for (let f = 0; f < outputs * cells; f++)
      rows[(t * cells + (f % cells)) * outputs + Math.floor(f / cells)] = old[t * outputs * cells + f]!;
  }
  const basis = orthonormalRows(rows, outputs);
  const whole = ungrouped(graph, conv, scale);
  const kernel = product(basis, whole, outputs);
  const weights = new Float64Array(targets * rank * cells);
  for (let t = 0; t < targets; t++) {
    for (let cell = 0; cell < cells; cell++) {
      const from = (t * cells + cell) * outputs;
      for (let j = 0; j < rank; j++) {
        let sum = 0;
        for (let o = 0; o < outputs; o++) sum += rows[from + o]! * basis[j * outputs + o]!;
        weights[(t * rank + j) * cells + cell] = sum;
      }
    }
  }
  const copy = cloneModel(model);
  const name = free(graph, `${conv.name}_narrow`);
  const [output, weight] = [free(graph, `${conv.output[0]!}_narrow`), free(graph, `${conv.input[1]!}_narrow`)];
  const node = clone(NodeProtoSchema, conv);
  Object.assign(node, { name, input: [conv.input[0]!, weight], output: [output] });
  if (group > 1) setAttr(node, 'group', 1);
  const nodes = copy.graph!.node;
  nodes.splice(
    nodes.findIndex((other) => other.output[0] === conv.output[0]),
    0,
    node,
  );
  copy.graph!.initializer.push(writeTensor(weight, floatTensor([rank, inputs, ...lengths], Float32Array.from(kernel))));
  const known = new Map(shapes).set(output, [1, rank, ...after.slice(2)]);
  return withHead(copy, known, site, { value: output, channels: rank, weights, bias: shifted(graph, site, shift) });
}
