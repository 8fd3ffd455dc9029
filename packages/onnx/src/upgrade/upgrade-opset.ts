import { Failure } from '@kneepoint/failures';
import { hasAttr, removeAttr } from '../attributes.ts';
import { cloneModel } from '../codec.ts';
import { Graph, isDefaultDomain } from '../graph.ts';
import type { ModelProto, NodeProto } from '../proto.ts';
import { subgraphs } from '../walk.ts';
import { newer } from './newer.ts';
import { STEPS } from './steps.ts';
import { UpgradeSite } from './upgrade-site.ts';

/** The operator set that models are brought to. */
export const TARGET_OPSET = 18;

/** Later ones have not been read; what they change is not known here. */
const NEWEST = 23;

export interface Upgraded {
  /** A new model; the one given is not changed. */
  readonly model: ModelProto;
  /** The shapes given, and those of values that are new. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/**
 * The same network in the operators of opset 18, from any opset up to 23: a node whose operator changed is rewritten, or the model is refused naming
 * it. Operators that are younger than 18 (Gelu) and whose meaning is told by their operands (GroupNormalization) stay as they are.
 * @param shapes of every value, at one batch size: what comes back is for that size
 * @throws MODEL_OPSET_UNSUPPORTED naming the node, SHAPES_INCOMPLETE
 */
export function upgradeOpset(model: ModelProto, shapes: ReadonlyMap<string, readonly number[]>): Upgraded {
  const copy = cloneModel(model);
  const graph = new Graph(copy);
  if (graph.opset > NEWEST) {
    throw new Failure('MODEL_OPSET_UNSUPPORTED', `the model is written for opset ${graph.opset}`, {
      where: 'opset_import',
      fix: `export the model for opset ${TARGET_OPSET}`,
    });
  }
  const known = new Map(shapes);
  const names = namesOf(graph);
  graph.proto.node = graph.proto.node.flatMap((node) => {
    if (!isDefaultDomain(node.domain)) return [node];
    const site = new UpgradeSite(node, graph, names, known);
    bring(site, node, graph.opset);
    return [...site.before, node, ...site.after];
  });
  for (const entry of copy.opsetImport) if (isDefaultDomain(entry.domain)) entry.version = BigInt(TARGET_OPSET);
  // The format's version that opset 18 belongs to; from 4 on initializers need not be listed as inputs.
  if (copy.irVersion < 8n) copy.irVersion = 8n;
  return { model: copy, shapes: known };
}

function bring(site: UpgradeSite, node: NodeProto, opset: number): void {
  if (opset !== TARGET_OPSET && subgraphs(node).length > 0) {
    throw site.refusal('the graphs inside it cannot be brought to opset 18');
  }
  if (hasAttr(node, 'consumed_inputs')) removeAttr(node, 'consumed_inputs');
  // A step may rename the operator, and what follows is then for the new one.
  for (let version = opset + 1; version <= TARGET_OPSET; version++) {
    STEPS[node.opType]?.find(({ since }) => since === version)?.apply(site);
  }
  for (let version = opset; version > TARGET_OPSET; version--) {
    newer[node.opType]?.find(({ since }) => since === version)?.apply(site);
  }
}

function namesOf({ proto }: Graph): Set<string> {
  return new Set([
    ...proto.input.map(({ name }) => name),
    ...proto.initializer.map(({ name }) => name),
    ...proto.node.flatMap((node) => node.output),
  ]);
}
