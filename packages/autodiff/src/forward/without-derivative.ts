import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import { Graph, isDefaultDomain } from '@kneepoint/onnx';
import { RULES } from '../rules/index.ts';
import { FLAT } from '../rules/rule.ts';
import { learnedInitializers } from './trainable.ts';

/** What an older opset calls an operator that there is a rule for. */
const FORMER: Readonly<Record<string, string>> = { Upsample: 'Resize' };

/**
 * Says of a value which node between it and the first layer that learned has no derivative, so that nothing before can be trained by it:
 * the nearest one, or undefined. By operators alone, from the graph as it is: a rule may still refuse a setting of its operator.
 */
export function derivativesOf(model: ModelProto): (value: string) => NodeProto | undefined {
  const graph = new Graph(model);
  const moving = new Set(learnedInitializers(model).keys());
  for (const node of graph.topological())
    if (node.input.some((name) => moving.has(name))) for (const name of node.output) moving.add(name);
  return (value) => {
    const seen = new Set([value]);
    for (const name of seen) {
      const node = moving.has(name) ? graph.producer(name) : undefined;
      if (!node) continue;
      const rule = RULES[FORMER[node.opType] ?? node.opType];
      if (!rule || !isDefaultDomain(node.domain) || node.attribute.some((attribute) => attribute.g)) return node;
      if (rule !== FLAT) for (const input of node.input) if (input !== '') seen.add(input);
    }
    return undefined;
  };
}
