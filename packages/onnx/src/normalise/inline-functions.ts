import { clone, create } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import { isDefaultDomain } from '../graph.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import type { AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto } from '../proto.ts';
import { AttributeProtoSchema, GraphProtoSchema, NodeProtoSchema, OperatorSetIdProtoSchema } from '../proto.ts';
import { allGraphs, subgraphs } from '../walk.ts';

/** Functions may call functions; beyond this one surely calls itself. */
const DEEPEST = 32;

/**
 * Writes the body of every local function where it is called, in the main graph and in subgraphs, so that its weights and operators are
 * seen; what the body imports, the model then imports. A function that is written for another version of operators that the model has
 * stays a call, and what it calls stays with it; the notes name it. Changes the model.
 * Throws GRAPH_CYCLE for a function that calls itself, MODEL_TOO_LARGE where the bodies multiply beyond the limit of a file.
 */
export function inlineFunctions(model: ModelProto): string[] {
  if (model.functions.length === 0) return [];
  const inlining = new Inlining(model);
  inlining.graph(model.graph!, 0);
  model.functions = inlining.staying();
  dropUnusedDomains(model);
  return [...inlining.foreign].map(
    (fn) => `the function ${fn.name} is written for another version of the operators and stays as it is`,
  );
}

class Inlining {
  /** Called functions that stay. */
  readonly foreign = new Set<FunctionProto>();
  private readonly functions: ReadonlyMap<string, FunctionProto>;
  private readonly versions: Map<string, bigint>;
  private readonly taken: Set<string>;
  private nodes = 0;

  constructor(private readonly model: ModelProto) {
    this.functions = new Map(model.functions.map((fn) => [keyOf(fn.domain, fn.name, fn.overload), fn]));
    this.versions = new Map(model.opsetImport.map(({ domain, version }) => [standard(domain), version]));
    this.taken = new Set([...allGraphs(model.graph!)].flatMap((graph) => namesOf(graph)));
  }

  graph(graph: GraphProto, depth: number): void {
    graph.node = graph.node.flatMap((node) => this.node(node, depth));
  }

  /** The functions that are still called, from the graph or from one another, in the order of the file. */
  staying(): FunctionProto[] {
    const reached = new Set(this.foreign);
    // A set hands out what is added to it meanwhile.
    for (const { node } of reached) {
      for (const { domain, opType, overload } of nodesOf(node)) {
        const called = this.functions.get(keyOf(domain, opType, overload));
        if (called) reached.add(called);
      }
    }
    return this.model.functions.filter((fn) => reached.has(fn));
  }

  private node(node: NodeProto, depth: number): NodeProto[] {
    for (const inner of subgraphs(node)) this.graph(inner, depth);
    const fn = this.functions.get(keyOf(node.domain, node.opType, node.overload));
    if (!fn) return [node];
    if (!this.fits(fn)) {
      this.foreign.add(fn);
      return [node];
    }
    const where = `function ${fn.name}`;
    if (depth > DEEPEST) throw new Failure('GRAPH_CYCLE', 'the function calls itself', { where });
    this.nodes += fn.node.length;
    if (this.nodes > DEFAULT_LIMITS.nodes) {
      throw new Failure('MODEL_TOO_LARGE', `written out, functions have over ${DEFAULT_LIMITS.nodes} nodes`, { where });
    }
    this.importFor(fn);
    return this.body(node, fn).flatMap((inner) => this.node(inner, depth + 1));
  }

  private fits(fn: FunctionProto): boolean {
    return fn.opsetImport.every(({ domain, version }) => {
      const own = this.versions.get(standard(domain));
      return own === undefined || own === version;
    });
  }

  /** From now on other versions do not fit. */
  private importFor({ opsetImport }: FunctionProto): void {
    for (const entry of opsetImport) {
      if (this.versions.has(standard(entry.domain))) continue;
      this.versions.set(standard(entry.domain), entry.version);
      this.model.opsetImport.push(clone(OperatorSetIdProtoSchema, entry));
    }
  }

  private body(call: NodeProto, fn: FunctionProto): NodeProto[] {
    const stem = this.free(call.name || call.output[0] || fn.name);
    const names = new Map<string, string>();
    fn.input.forEach((name, i) => names.set(name, call.input[i] ?? ''));
    // An input that is handed out as it is needs a node to carry it.
    const carried = fn.output.flatMap((name, i) => (fn.input.includes(name) && call.output[i] ? [i] : []));
    fn.output.forEach((name, i) => {
      if (!carried.includes(i) && call.output[i]) names.set(name, call.output[i]);
    });
    const rename = (name: string): string => {
      if (name === '') return '';
      const known = names.get(name) ?? this.free(`${stem}/${name}`);
      names.set(name, known);
      return known;
    };
    const given = new Map([...fn.attributeProto, ...call.attribute].map((attribute) => [attribute.name, attribute]));
    const body = fn.node.map((node, i) => copied(i, node, `${stem}/`, rename, given));
    for (const i of carried) {
      const name = this.free(`${stem}/carried${i}`);
      body.push(
        create(NodeProtoSchema, {
          name,
          opType: 'Identity',
          input: [rename(fn.output[i]!)],
          output: [call.output[i]!],
        }),
      );
    }
    return body;
  }

  private free(stem: string): string {
    let name = stem;
    for (let i = 2; this.taken.has(name); i++) name = `${stem}_${i}`;
    this.taken.add(name);
    return name;
  }
}

type Given = ReadonlyMap<string, AttributeProto>;

function copied(
  position: number,
  node: NodeProto,
  prefix: string,
  rename: (name: string) => string,
  given: Given,
): NodeProto {
  const copy = clone(NodeProtoSchema, node);
  copy.name = prefix + (copy.name || `${copy.opType}_${position}`);
  copy.input = copy.input.map(rename);
  copy.output = copy.output.map(rename);
  copy.attribute = copy.attribute.flatMap((attribute) => filled(attribute, prefix, rename, given));
  return copy;
}

/** An attribute that refers to one of the call takes its value, or is left out where the call has none. */
function filled(attribute: AttributeProto, prefix: string, rename: (name: string) => string, given: Given) {
  const { name, refAttrName } = attribute;
  if (refAttrName !== '') {
    const value = given.get(refAttrName);
    if (!value) return [];
    const copy = clone(AttributeProtoSchema, value);
    copy.name = name;
    return [copy];
  }
  if (attribute.g) attribute.g = inside(attribute.g, prefix, rename, given);
  attribute.graphs = attribute.graphs.map((graph) => inside(graph, prefix, rename, given));
  return [attribute];
}

function inside(graph: GraphProto, prefix: string, rename: (name: string) => string, given: Given): GraphProto {
  const copy = clone(GraphProtoSchema, graph);
  for (const value of [...copy.input, ...copy.output, ...copy.initializer, ...copy.valueInfo]) {
    value.name = rename(value.name);
  }
  copy.node = copy.node.map((node, i) => copied(i, node, prefix, rename, given));
  return copy;
}

function dropUnusedDomains(model: ModelProto): void {
  const nodes = [
    ...[...allGraphs(model.graph!)].flatMap(({ node }) => node),
    ...model.functions.flatMap(({ node }) => nodesOf(node)),
  ];
  const used = new Set(nodes.map(({ domain }) => standard(domain)));
  model.opsetImport = model.opsetImport.filter(({ domain }) => isDefaultDomain(domain) || used.has(domain));
}

/** These nodes and those of their subgraphs. */
function nodesOf(nodes: readonly NodeProto[]): NodeProto[] {
  return nodes.flatMap((node) => [node, ...subgraphs(node).flatMap((graph) => nodesOf(graph.node))]);
}

function namesOf(graph: GraphProto): string[] {
  return [
    ...graph.input.map(({ name }) => name),
    ...graph.initializer.map(({ name }) => name),
    ...graph.node.flatMap(({ name, output }) => [name, ...output]),
  ];
}

function keyOf(domain: string, name: string, overload: string): string {
  return `${standard(domain)}\n${name}\n${overload}`;
}

function standard(domain: string): string {
  return isDefaultDomain(domain) ? '' : domain;
}
