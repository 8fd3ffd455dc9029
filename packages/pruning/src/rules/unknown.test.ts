import { create } from '@bufbuild/protobuf';
import type { Layers, ModelProto } from '@kneepoint/onnx';
import {
  DataType,
  floatTensor,
  GraphProtoSchema,
  intTensor,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  valueInfo,
} from '@kneepoint/onnx';
import { describe, it } from 'vitest';
import type { Middle } from '../testing/middle.ts';
import { constant, expectModelStops, expectStops, networkAround, noted, perChannel } from '../testing/middle.ts';

const yes = (net: Layers) => net.graph.init({ dims: [], type: DataType.BOOL, data: Uint8Array.of(1) });

/** A subgraph of one node that reads a value from outside it. */
const branch = (op: string, captured: string, output: string) =>
  create(GraphProtoSchema, {
    name: output,
    node: [create(NodeProtoSchema, { name: output, opType: op, input: [captured], output: [output] })],
    output: [valueInfo(output)],
  });

const STOPPING: readonly [string, Middle, string, number?][] = [
  [
    'If, of which both branches capture it',
    (net, x) => {
      const branches = {
        then_branch: { graph: branch('Relu', x, 'yes') },
        else_branch: { graph: branch('Neg', x, 'no') },
      };
      return noted(net, net.graph.node('If', [yes(net)], branches), 8, 8, 8);
    },
    'feeds if1 (If), which reads it from inside a subgraph',
  ],
  [
    'Loop, which carries it',
    (net, x) => {
      const body = create(GraphProtoSchema, {
        name: 'body',
        node: [
          create(NodeProtoSchema, { name: 'go', opType: 'Identity', input: ['before_go'], output: ['after_go'] }),
          create(NodeProtoSchema, { name: 'next', opType: 'Sigmoid', input: ['state'], output: ['next_state'] }),
        ],
        input: [valueInfo('count', [], DataType.INT64), valueInfo('before_go', [], DataType.BOOL), valueInfo('state')],
        output: [valueInfo('after_go', [], DataType.BOOL), valueInfo('next_state')],
      });
      const times = net.graph.init(intTensor([2], []));
      return noted(net, net.graph.node('Loop', [times, yes(net), x], { body: { graph: body } }), 8, 8, 8);
    },
    'feeds loop1 (Loop), which has no channel rule',
  ],
  [
    'a sequence of parts',
    (net, x) => {
      const parts = net.graph.node('SplitToSequence', [x, constant(net, 5, 3)], { axis: 1 });
      return noted(net, net.graph.node('SequenceAt', [parts, net.graph.init(intTensor([0], []))]), 5, 8, 8);
    },
    'feeds splittosequence1 (SplitToSequence), which has no channel rule',
  ],
  [
    'ScatterND',
    (net, x) => {
      const shape = net.graph.node('Shape', [x]);
      const zeros = net.graph.node('ConstantOfShape', [shape]);
      return noted(
        net,
        net.graph.node('ScatterND', [
          x,
          net.graph.init(intTensor([0], [1, 1])),
          net.graph.node('Slice', [zeros, constant(net, 0), constant(net, 1), constant(net, 0)]),
        ]),
        8,
        8,
        8,
      );
    },
    'feeds scatternd1 (ScatterND), which has no channel rule',
  ],
  [
    'OneHot of the largest',
    (net, x) => {
      const depth = net.graph.init(intTensor([8], []));
      const values = net.graph.init(floatTensor([2], [0, 1]));
      const largest = net.graph.node('ArgMax', [x], { axis: 1, keepdims: 0 });
      return net.note(net.graph.node('OneHot', [largest, depth, values], { axis: 1 }), [8, 8, 8]);
    },
    'feeds argmax1 (ArgMax), which reduces over channels',
  ],
];

/** Gives some operators to the runtime's own domain. */
function foreign(model: ModelProto, ...operators: string[]): ModelProto {
  for (const node of model.graph!.node) if (operators.includes(node.opType)) node.domain = 'com.microsoft';
  model.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: 'com.microsoft', version: 1n }));
  return model;
}

describe('an operator without a rule', () => {
  it.each(STOPPING)('stays where it is, and is named: %s', (_, middle, reason, opset) =>
    expectStops(middle, reason, opset),
  );

  it('of another domain is named too, although its name is known', async () => {
    const fused: Middle = (net, x) =>
      noted(net, net.graph.node('FusedConv', [x, perChannel(net, [6, 8, 1, 1], 'w')], { activation: 'Relu' }), 6, 8, 8);
    const gelu: Middle = (net, x) => net.pointwise('Gelu', [x]);
    await expectModelStops(
      foreign(networkAround(fused), 'FusedConv'),
      'feeds fusedconv1 (FusedConv), which has no channel rule',
    );
    await expectModelStops(foreign(networkAround(gelu), 'Gelu'), 'feeds gelu1 (Gelu), which has no channel rule');
  });

  it('inside a subgraph may read arithmetic on sizes that have changed', async () => {
    const branches: Middle = (net, x) => {
      const kept = net.graph.node('ReduceMean', [net.conv(x, 6)], { axes: [1] });
      const count = net.graph.node(
        'Cast',
        [net.graph.node('Slice', [net.graph.node('Shape', [x]), constant(net, 1), constant(net, 2)])],
        { to: DataType.FLOAT },
      );
      const choice = {
        then_branch: { graph: branch('Sqrt', count, 'yes') },
        else_branch: { graph: branch('Neg', count, 'no') },
      };
      return net.pointwise('Mul', [x, net.graph.node('Add', [kept, net.graph.node('If', [yes(net)], choice)])]);
    };
    await expectModelStops(networkAround(branches), 'feeds if1 (If), which reads its size from inside a subgraph');
  });
});
