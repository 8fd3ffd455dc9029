import { Failure } from '@kneepoint/failures';
import { DataType, elementCount } from '@kneepoint/onnx';
import type { Emitter } from '../emit/emitter.ts';
import { LOSSES } from './index.ts';
import type { LossKind, LossTerm } from './loss.ts';
import { option } from './options.ts';

export interface EmittedLosses {
  /** The weighted sum of the terms, a scalar. */
  readonly total: string;
  /** By name of the term: its own value before its weight, a scalar. */
  readonly terms: ReadonlyMap<string, string>;
  /** By output of the model: the derivative of the sum with respect to it, of its shape. */
  readonly seeds: ReadonlyMap<string, string>;
  /** What the caller feeds for each term: `label` rows × columns, `rowWeight` rows. */
  readonly inputs: readonly LossInput[];
}

export interface LossInput {
  readonly role: 'label' | 'rowWeight';
  readonly term: string;
  readonly name: string;
  readonly dims: readonly number[];
}

/** The least sum of row weights that is divided by: a batch without a label has loss 0, not NaN. */
const LEAST_WEIGHT = 1e-12;

/**
 * Emits the terms of a loss and the gradients at the model's outputs. A term is the mean of its rows weighted by `rowWeight`;
 * rows of weight 0 (no label, padding of a last batch) count nothing, whatever their label holds, NaN too. Class weights scale rows without
 * entering the mean's divisor, so that the expectation over batches is the weighted loss of the whole data set.
 * @param outputs by output of the model, its value in the step graph, batch first
 * @throws TRAINING_OPTION_INVALID naming the term
 */
export function emitLosses(
  emit: Emitter,
  terms: readonly LossTerm[],
  outputs: ReadonlyMap<string, string>,
): EmittedLosses {
  if (terms.length === 0) throw new Failure('TRAINING_OPTION_INVALID', 'the loss has no terms', { where: 'loss' });
  const twice = terms.find(({ name }, i) => terms.findIndex((other) => other.name === name) < i);
  if (twice) throw new Failure('TRAINING_OPTION_INVALID', `two terms are named ${twice.name}`, { where: 'loss' });
  const emitted = terms.map((term) => emitTerm(emit, term, outputs));
  const weighted = emitted.map(({ value, weight }) => (weight === 1 ? value : emit.mul(value, emit.scalar(weight))));
  const seeds = new Map<string, string>();
  for (const { output, seed } of emitted) {
    const known = seeds.get(output);
    seeds.set(output, known === undefined ? seed : emit.add(known, seed));
  }
  return {
    total: weighted.reduce((sum, value) => emit.add(sum, value)),
    terms: new Map(emitted.map(({ name, value }) => [name, value])),
    seeds,
    inputs: emitted.flatMap(({ inputs }) => inputs),
  };
}

interface EmittedTerm {
  readonly name: string;
  readonly output: string;
  readonly weight: number;
  readonly value: string;
  readonly seed: string;
  readonly inputs: readonly LossInput[];
}

function emitTerm(emit: Emitter, term: LossTerm, outputs: ReadonlyMap<string, string>): EmittedTerm {
  const weight = option(term, 'weight', term.weight ?? 1, (value) => value >= 0, 'of at least 0');
  const output = outputs.get(term.output);
  if (output === undefined) throw outputUnknown(term, [...outputs.keys()]);
  const dims = emit.shape(output);
  const rows = dims[0] ?? 1;
  const width = elementCount(dims) / rows;
  const [from, to] = columnsOf(term, width);
  const columns = to - from;
  const inputs: LossInput[] = [
    { role: 'label', term: term.name, name: `label/${term.name}`, dims: [rows, columns] },
    { role: 'rowWeight', term: term.name, name: `rowWeight/${term.name}`, dims: [rows] },
  ];
  const [given, counts] = inputs.map(({ name, dims: size }) => emit.input(name, size)) as [string, string];

  const weights = emit.reshape(counts, [rows, 1]);
  const sum = emit.binary('Max', emit.reduceSum(counts, [0], false), emit.scalar(LEAST_WEIGHT));
  const shares = emit.div(weights, sum);
  const labels = emit.where(emit.binary('Greater', weights, emit.scalar(0)), given, emit.scalar(0));
  const answers = emit.slice(emit.reshape(output, [rows, width]), [1], [from], [to]);
  const site = {
    emit,
    answers,
    columns,
    ...('partial' in term && term.partial ? known(emit, labels, columns) : { labels }),
  };
  const parts = (LOSSES[term.kind] as LossKind<LossTerm>)(site, term);

  const value = emit.reduceSum(emit.mul(parts.rows, shares), [0, 1], false);
  const scaled = weight === 1 ? shares : emit.mul(shares, emit.scalar(weight));
  const gradient = emit.pad(emit.mul(parts.gradient, scaled), [0, from], [0, width - to]);
  return { name: term.name, output: term.output, weight, value, seed: emit.reshape(gradient, dims), inputs };
}

/** Labels with 0 for NaN, and what each of them counts; see `LossSite.counts`. */
function known(emit: Emitter, given: string, columns: number): { readonly labels: string; readonly counts: string } {
  const missing = emit.node('IsNaN', [given], { dims: emit.shape(given), type: DataType.BOOL });
  const there = emit.where(missing, emit.scalar(0), emit.scalar(1));
  const share = emit.binary('Max', emit.reduceSum(there, [1]), emit.scalar(1));
  return {
    labels: emit.where(missing, emit.scalar(0), given),
    counts: emit.div(emit.mul(there, emit.scalar(columns)), share),
  };
}

function columnsOf(term: LossTerm, width: number): readonly [number, number] {
  const [from, to] = term.columns ?? [0, width];
  if (Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= width) return [from, to];
  throw new Failure('TRAINING_OPTION_INVALID', `columns [${from}, ${to}) of an output that has ${width}`, {
    where: `loss ${term.name}`,
    fix: `a range within [0, ${width})`,
  });
}

function outputUnknown(term: LossTerm, known: readonly string[]): Failure {
  return new Failure('TRAINING_OPTION_INVALID', `the model has no output ${term.output}`, {
    where: `loss ${term.name}`,
    fix: `one of ${known.join(', ')}`,
  });
}
