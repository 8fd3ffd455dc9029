import { alongAxis, varyingAxes } from '../labels/label-tensor.ts';
import type { Rule, Site } from '../trace/site.ts';
import type { Value } from '../trace/trace.ts';
import { stop } from './unknown.ts';

/** One name for each axis of a factor or of the result: axes of one name run together, and what the result lacks is summed over. */
export type Term = readonly string[];

interface Factor {
  readonly input: number;
  readonly term: Term;
  /** Undefined for a constant. */
  readonly value: Value | undefined;
  readonly dims: readonly number[];
}

/** The axis along which a result has its channels. */
interface Carried {
  readonly name: string;
  readonly labels: Int32Array;
}

/** A sum of products (MatMul, Einsum) of values and constants, its axes named. A constant factor brings filters of its own. */
export function contraction(site: Site, terms: readonly Term[], result: Term): ReturnType<Rule> {
  const factors = terms.flatMap((term, input): Factor[] => {
    const value = site.input(input);
    const dims = value?.dims ?? site.constantDims(input);
    return dims && (value ?? site.constant(input)) ? [{ input, term, value, dims }] : [];
  });
  if (factors.length < terms.length) return stop(site, 'multiplies by computed weights');
  site.batch = batchAxis(factors, result);
  let passing: Carried | undefined;
  for (const name of new Set(factors.flatMap(carriedName))) {
    const labels = agree(site, factors, name, result.includes(name));
    if (!result.includes(name)) continue;
    if (passing) site.freeze(labels, 'multiplies values with channels on different axes');
    else passing = { name, labels };
  }
  const output = layerOf(site, factors, result, passing) ?? passing;
  const rank = result.length;
  if (!output) return [site.fixed(rank, 'sums over channels')];
  return [alongAxis(rank, result.indexOf(output.name), output.labels)];
}

function batchAxis(factors: readonly Factor[], result: Term): number {
  const factor = factors.find(({ value }) => value && value.batch >= 0);
  return factor ? result.indexOf(factor.term[factor.value!.batch]!) : -1;
}

function carriedName({ value, term }: Factor): string[] {
  return value ? varyingAxes(value.labels).map((axis) => term[axis]!) : [];
}

/** Brings all factors along an axis that carries channels to agree, and gives its labels. */
function agree(site: Site, factors: readonly Factor[], name: string, stays: boolean): Int32Array {
  const along = factors.filter(({ term }) => term.includes(name));
  const carriers = along.filter((factor) => carriedName(factor).includes(name));
  const [first, ...others] = carriers;
  const labels = first!.value!.labels.data;
  for (const { value } of others) site.tie(labels, value!.labels.data);
  for (const factor of along) {
    const axis = factor.term.indexOf(name);
    if (axis !== factor.term.lastIndexOf(name)) site.freeze(labels, 'takes a diagonal of it');
    else if (!factor.value) {
      if (!stays) site.tieShared(factor.input, axis, labels);
      site.cut(factor.input, { kind: 'axis', axis, labels });
    } else if (!carriers.includes(factor)) site.freeze(labels, 'multiplies it by a value without matching channels');
  }
  // One factor at zero makes the product zero.
  if (!stays) site.consume(first!.input, first!.term.indexOf(name), labels);
  return labels;
}

/** The filters of a constant factor: the longest axis of the result that it alone has. */
function layerOf(
  site: Site,
  factors: readonly Factor[],
  result: Term,
  passing: Carried | undefined,
): Carried | undefined {
  const weight = factors.find(({ value }) => !value);
  const own = weight?.term.filter((name) => result.includes(name) && inOnly(factors, weight, name)) ?? [];
  if (!weight || own.length === 0) return undefined;
  const size = (name: string) => weight.dims[weight.term.indexOf(name)]!;
  const name = own.reduce((longest, other) => (size(other) > size(longest) ? other : longest));
  const axis = weight.term.indexOf(name);
  const labels = site.filters(weight.input, axis, size(name));
  site.layer(labels, { input: weight.input, axis });
  if (passing) {
    // A value has its channels on one axis only, so the filters stay.
    site.freeze(labels, 'gives a result whose channels lie on another axis');
    return undefined;
  }
  site.cut(weight.input, { kind: 'axis', axis, labels });
  return { name, labels };
}

function inOnly(factors: readonly Factor[], factor: Factor, name: string): boolean {
  return factors.every((other) => other === factor || !other.term.includes(name));
}
