import { clone, create } from '@bufbuild/protobuf';
import { isDefaultDomain, type Graph } from '../graph.ts';
import type { GraphProto, ModelProto, NodeProto } from '../proto.ts';
import { GraphProtoSchema, NodeProtoSchema } from '../proto.ts';

/**
 * Puts the taken branch in the place of every If whose condition `decide` knows: its nodes and weights join the main graph. Names need no
 * change, since those of a subgraph differ from all outside. Changes the model; gives the number of nodes replaced.
 */
export function replaceByBranch(
  model: ModelProto,
  graph: Graph,
  decide: (condition: string) => boolean | undefined,
): number {
  const { proto } = graph;
  const taken = new Set([
    ...[...proto.input, ...proto.initializer].map(({ name }) => name),
    ...proto.node.flatMap(({ output }) => output),
  ]);
  let replaced = 0;
  model.graph!.node = proto.node.flatMap((node) => {
    if (node.opType !== 'If' || !isDefaultDomain(node.domain)) return [node];
    const chosen = decide(node.input[0] ?? '');
    const branch = node.attribute.find(({ name }) => name === (chosen ? 'then_branch' : 'else_branch'))?.g;
    // Both branches may use one name, which the main graph may not: the first that comes keeps it.
    if (chosen === undefined || !branch || makes(branch).some((name) => taken.has(name))) return [node];
    for (const name of makes(branch)) taken.add(name);
    replaced++;
    const body = clone(GraphProtoSchema, branch);
    proto.initializer.push(...body.initializer);
    return [...body.node, ...body.output.map((output, i) => handOut(output.name, node, i))];
  });
  return replaced;
}

function handOut(value: string, node: NodeProto, output: number): NodeProto {
  const name = output === 0 ? node.name : `${node.name}/${output}`;
  return create(NodeProtoSchema, { name, opType: 'Identity', input: [value], output: [node.output[output]!] });
}

function makes(graph: GraphProto): string[] {
  return [...graph.initializer.map(({ name }) => name), ...graph.node.flatMap(({ output }) => output)].filter(Boolean);
}
