import { intAttr } from '@kneepoint/onnx';
import { alongAxis, varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** Gemm with a constant matrix: Y = A·B + C, either side transposed. */
export const gemm: Rule = (site) => {
  const value = site.input(0);
  const dims = site.constantDims(1);
  if (!value || !dims || !site.constant(1)) return stop(site, 'multiplies by computed weights');
  const [inputAxis, inner, outer] = [
    intAttr(site.node, 'transA', 0) ? 0 : 1,
    intAttr(site.node, 'transB', 0) ? 1 : 0,
    intAttr(site.node, 'transB', 0) ? 0 : 1,
  ] as const;
  const inputs = site.along(value, inputAxis, 'keeps its channels as rows');
  const filters = site.filters(1, outer, dims[outer]!);
  site.tieShared(1, inner, inputs);
  site.consume(0, inputAxis, inputs);
  site.cut(1, { kind: 'axis', axis: inner, labels: inputs });
  site.cut(1, { kind: 'axis', axis: outer, labels: filters });
  cutBias(site, filters);
  site.layer(filters, { input: 1, axis: outer });
  site.batch = value.batch === 1 - inputAxis ? 0 : -1;
  return [alongAxis(2, 1, filters)];
};

function cutBias(site: Parameters<Rule>[0], filters: Int32Array): void {
  const bias = site.input(2);
  if (bias) {
    // C computed in the graph is added to the result like any other value.
    if (varyingAxes(bias.labels).length === 0 && bias.dims.at(-1) === 1)
      site.freeze(bias.labels, 'spreads it over channels');
    else site.tie(site.along(bias, bias.dims.length - 1), filters);
    return;
  }
  const dims = site.constantDims(2);
  if (dims && !site.constant(2)) site.freeze(filters, 'adds a computed bias');
  else if (dims && (dims.at(-1) ?? 1) > 1) site.cut(2, { kind: 'axis', axis: dims.length - 1, labels: filters });
}
