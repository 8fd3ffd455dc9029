import { create } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import {
  allGraphs,
  cloneModel,
  DataType,
  dimsOf,
  floatTensor,
  type GraphProto,
  intTensor,
  type ModelProto,
  NodeProtoSchema,
  setAttr,
  valueInfo,
  writeTensor,
} from '@kneepoint/onnx';
import { KINDS, type TaskSpec } from '@kneepoint/regression';
import { type AnswerKind, describeModel } from '@kneepoint/workflow';
import { sigmoid } from './host-answers.ts';
import {
  type AnswerOutput,
  ANSWERS_ENTRY,
  type AnswersEntry,
  networkFacts,
  type NetworkFacts,
} from '../network/network-facts.ts';

/**
 * The network with what makes answers of its scores in the graph: an output for each task, of its name, images × columns. Probabilities are
 * FLOAT; labels are INT64, decided by the very thresholds and edges of the report, so that no score falls on another side. Its metadata
 * name them, and hold thresholds in what the file gives. `raw` gives the network itself.
 * @throws DEPLOYMENT_UNDESCRIBED, ANSWERS_NOT_LOGITS, ANSWERS_NOT_PUT
 */
export function withAnswers(model: ModelProto, kind: AnswerKind): ModelProto {
  const facts = networkFacts(model);
  if (kind === 'raw') return model;
  const copy = cloneModel(model);
  const graph = copy.graph!;
  const [output] = graph.output;
  const width = facts.tasks.reduce((sum, { targets }) => sum + targets.length, 0);
  const [lead, columns] = output ? dimsOf(output) : [];
  if (facts.answers) throw notPut('its answers were put into the graph before');
  if (!output || graph.output.length !== 1 || (columns !== undefined && columns !== width)) {
    throw notPut(`it has ${graph.output.length} outputs, not one of ${width} scores for each image`);
  }
  const scores = hide(graph, output.name, output.type?.value);
  const outputs = addAnswers(graph, { scores, lead }, facts, kind);
  graph.valueInfo = [];
  const entry: AnswersEntry = { kind, outputs };
  const scaled = kind === 'probabilities' ? facts.thresholds.map((own) => own.map(probabilityAt)) : undefined;
  return describeModel(copy, {
    [ANSWERS_ENTRY]: entry,
    'kneepoint.thresholds': scaled && (facts.tasks.length === 1 ? scaled[0] : scaled),
  });
}

/**
 * What a probability in float32 must reach where a score must reach a threshold. Scores above about 17 all have the probability 1: a threshold among
 * them, which next to no score is meant to reach, is one that no probability reaches.
 */
function probabilityAt(threshold: number): number {
  const probability = sigmoid(threshold);
  if (Math.fround(probability) === 1) return ABOVE_ONE;
  return Math.fround(probability) === 0 ? 0 : probability;
}

/** The least float32 above 1. */
const ABOVE_ONE = 1 + 2 ** -23;

/** Appends the answers to a graph that makes `scores`, images × targets, and declares them as its outputs. */
export function addAnswers(
  graph: GraphProto,
  { scores, lead }: { readonly scores: string; readonly lead: number | string | undefined },
  { tasks, thresholds, logits }: Pick<NetworkFacts, 'tasks' | 'thresholds' | 'logits'>,
  kind: AnswersEntry['kind'],
): readonly AnswerOutput[] {
  const names = namesIn(graph);
  graph.output = [];
  let from = 0;
  return tasks.map((task, i): AnswerOutput => {
    const name = freshName(names, task.name);
    const own = new Appender(graph, names, name);
    const last = from + task.targets.length;
    const columns = Array.from({ length: last - from }, (_, k) => from + k);
    from = last;
    const read = tasks.length === 1 ? scores : own.node('Gather', [scores, own.ints(columns)], { axis: 1 });
    const gives = givenBy(task, kind);
    if (gives === 'probability' && !logits) {
      throw new Failure('ANSWERS_NOT_LOGITS', `the scores of "${task.name}" were fitted by least squares`, {
        where: '--answers',
        fix: 'Ask for labels, or let the network be trained: finetuned among the arms of compress.',
      });
    }
    if (gives === 'probability') own.probabilities(read, task);
    else if (gives === 'label') own.labels(read, task, thresholds[i]!);
    else own.node('Identity', [read], {}, name);
    const count = gives === 'label' ? KINDS[task.type].columns(task) : columns.length;
    graph.output.push(valueInfo(name, [lead, count], gives === 'label' ? DataType.INT64 : DataType.FLOAT));
    const decided = gives === 'label' && thresholds[i]!.length > 0 ? { thresholds: thresholds[i]! } : {};
    return { name, task: task.name, gives, columns: count, ...decided };
  });
}

/** Bins have no probabilities, and a value that is measured is its own answer. */
function givenBy({ type }: TaskSpec, kind: AnswersEntry['kind']): AnswerOutput['gives'] {
  if (type === 'continuous') return 'value';
  if (kind === 'labels') return 'label';
  return type === 'ordered' ? 'value' : 'probability';
}

/** Nodes of one task, the last of which makes its output. */
class Appender {
  readonly #graph: GraphProto;
  readonly #names: Set<string>;
  readonly #nodes: Set<string>;
  readonly #output: string;

  constructor(graph: GraphProto, names: Set<string>, output: string) {
    this.#graph = graph;
    this.#nodes = nodeNames(graph);
    this.#names = names;
    this.#output = output;
  }

  node(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, number>> = {},
    output = freshName(this.#names, `${this.#output}/${opType.toLowerCase()}`),
  ): string {
    const node = create(NodeProtoSchema, { opType, input: [...input], output: [output] });
    node.name = freshName(this.#nodes, output);
    for (const [name, value] of Object.entries(attributes)) setAttr(node, name, value);
    this.#graph.node.push(node);
    return output;
  }

  probabilities(scores: string, { type }: TaskSpec): void {
    if (type === 'categorical') this.node('Softmax', [scores], { axis: 1 }, this.#output);
    else this.node('Sigmoid', [scores], {}, this.#output);
  }

  labels(scores: string, { type, bins = [], targets }: TaskSpec, thresholds: readonly number[]): void {
    if (type === 'categorical') {
      // Of equal scores the first, which is the default.
      this.node('ArgMax', [scores], { axis: 1, keepdims: 1 }, this.#output);
      return;
    }
    const to = { to: DataType.INT64 };
    if (type !== 'ordered') {
      const least = targets.map((_, k) => thresholds[k] ?? 0.5);
      this.node('Cast', [this.#reaches(scores, least)], to, this.#output);
      return;
    }
    // The number of a bin is how many edges lie at or below the value; of two targets the last one's bins run fastest.
    const edges = bins.flatMap((own, target) => {
      const step = bins.slice(target + 1).reduce((product, { length }) => product * (length + 1), 1);
      return own.map((edge) => ({ edge, target, step }));
    });
    const read = this.node('Gather', [scores, this.ints(edges.map(({ target }) => target))], { axis: 1 });
    const passed = this.#reaches(
      read,
      edges.map(({ edge }) => edge),
    );
    const steps = this.#floats(
      edges.map(({ step }) => step),
      [edges.length, 1],
    );
    const bin = this.node('MatMul', [this.node('Cast', [passed], { to: DataType.FLOAT }), steps]);
    this.node('Cast', [bin], to, this.#output);
  }

  ints(values: readonly number[]): string {
    const name = freshName(this.#names, `${this.#output}/columns`);
    this.#graph.initializer.push(writeTensor(name, intTensor(values)));
    return name;
  }

  /** Whether numbers lie at or above bounds, in the operators of every opset: GreaterOrEqual came with 12. */
  #reaches(values: string, bounds: readonly number[]): string {
    return this.node('Not', [this.node('Less', [values, this.#atLeast(bounds)])]);
  }

  /** Bounds as float32 such that a float32 lies at or above one where it lies at or above the number that was given. */
  #atLeast(bounds: readonly number[]): string {
    return this.#floats(bounds.map(leastFloat), [1, bounds.length]);
  }

  #floats(values: readonly number[], dims: readonly number[]): string {
    const name = freshName(this.#names, `${this.#output}/bounds`);
    this.#graph.initializer.push(writeTensor(name, floatTensor(dims, Float32Array.from(values))));
    return name;
  }
}

/** The least float32 at or above a number. */
export function leastFloat(value: number): number {
  const near = Math.fround(value);
  if (near >= value) return near;
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, near);
  // One step up in the order of the codes, which below zero run the other way.
  if (near === 0) bits.setUint32(0, 1);
  else bits.setUint32(0, bits.getUint32(0) + (near > 0 ? 1 : -1));
  return bits.getFloat32(0);
}

type OutputType = NonNullable<NonNullable<GraphProto['output'][number]['type']>['value']>;

/** Gives the scores a name that no output needs, as float32. */
function hide(graph: GraphProto, output: string, type: OutputType | undefined): string {
  const names = namesIn(graph);
  const inner = freshName(names, `${output}/scores`);
  for (const { node } of allGraphs(graph)) {
    for (const one of node) one.input = one.input.map((name) => (name === output ? inner : name));
  }
  for (const one of graph.node) one.output = one.output.map((name) => (name === output ? inner : name));
  if (type?.case !== 'tensorType' || type.value.elemType === (DataType.FLOAT as number)) return inner;
  const node = create(NodeProtoSchema, { opType: 'Cast', input: [inner] });
  node.name = freshName(nodeNames(graph), `${inner}/float`);
  node.output = [freshName(names, `${inner}/float`)];
  setAttr(node, 'to', DataType.FLOAT);
  graph.node.push(node);
  return node.output[0]!;
}

function namesIn(graph: GraphProto): Set<string> {
  const names = new Set<string>();
  for (const { input, initializer, node } of allGraphs(graph)) {
    for (const { name } of [...input, ...initializer]) names.add(name);
    for (const { output } of node) for (const name of output) names.add(name);
  }
  return names;
}

/** Of nodes, which have names of their own that must differ. */
const nodeNames = (graph: GraphProto): Set<string> => new Set(graph.node.map(({ name }) => name));

function freshName(names: Set<string>, stem: string): string {
  let name = stem;
  while (names.has(name)) name += '_';
  names.add(name);
  return name;
}

function notPut(message: string): Failure {
  return new Failure('ANSWERS_NOT_PUT', message, {
    where: '--answers',
    fix: 'Take the file as compress, prune, train or finetune wrote it, with raw answers.',
  });
}
