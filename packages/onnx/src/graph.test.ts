import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { setAttr } from './attributes.ts';
import { GraphBuilder } from './builder.ts';
import { cloneModel } from './codec.ts';
import { Graph } from './graph.ts';
import { smallNets } from './models/small-nets.ts';
import type { ModelProto } from './proto.ts';
import { GraphProtoSchema, NodeProtoSchema } from './proto.ts';
import { floatTensor, intTensor, writeTensor } from './tensor.ts';
import { failureOf } from './testing/failing.ts';
import { dimsOf, valueInfo } from './value-info.ts';

/** x -> Relu a -> Add (a, w) b -> Sigmoid c, with c and a as outputs. */
function chain(): ModelProto {
  const net = new GraphBuilder();
  const x = net.input('x', ['N', 4]);
  const a = net.node('Relu', [x], {}, 'a');
  const b = net.node('Add', [a, net.init(floatTensor([4], [1, 2, 3, 4]), 'w')], {}, 'b');
  net.output(net.node('Sigmoid', [b], {}, 'c'), ['N', 4]);
  net.output(a, ['N', 4]);
  return net.build();
}

describe('Graph', () => {
  it('finds producers, uses, weights, inputs and outputs', () => {
    const graph = new Graph(chain());
    expect(graph.producer('b')?.opType).toBe('Add');
    expect(graph.producer('x')).toBeUndefined();
    expect(graph.consumers('a').map(({ node, input }) => [node.name, input])).toEqual([['b', 0]]);
    expect(graph.consumers('w').map(({ node, input }) => [node.name, input])).toEqual([['b', 1]]);
    expect(graph.consumers('c')).toEqual([]);
    expect(graph.initializer('w')?.dims).toEqual([4n]);
    expect([graph.isInput('x'), graph.isInput('w'), graph.isOutput('a'), graph.isOutput('b')]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(graph.opset).toBe(17);
    expect(graph.inputs.map(dimsOf)).toEqual([['N', 4]]);
  });

  it('does not ask to be fed what old exporters list as inputs beside the image', () => {
    const model = chain();
    model.graph!.input.push(valueInfo('w', [4]));
    const graph = new Graph(model);
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(graph.isInput('w')).toBe(false);
  });

  it('counts an input that a node reads twice as two uses', () => {
    const net = new GraphBuilder();
    const x = net.input('x', [1]);
    net.output(net.node('Mul', [x, x]), [1]);
    expect(new Graph(net.build()).consumers('x').map(({ input }) => input)).toEqual([0, 1]);
  });

  it('orders nodes after what they depend on, whatever the order in the file', () => {
    for (const make of Object.values(smallNets)) {
      const model = make(1);
      const ordered = new Graph(model).topological().map(({ name }) => name);
      expect(ordered).toEqual(model.graph!.node.map(({ name }) => name));
      model.graph!.node.reverse();
      const seen = new Set<string>();
      const graph = new Graph(model);
      for (const node of graph.topological()) {
        for (const input of node.input) if (graph.producer(input)) expect(seen.has(input)).toBe(true);
        for (const output of node.output) seen.add(output);
      }
      expect(graph.topological()).toHaveLength(model.graph!.node.length);
    }
  });

  it('orders a chain of twenty thousand nodes that stands backwards', () => {
    const net = new GraphBuilder();
    let x = net.input('x', [1]);
    for (let i = 0; i < 20_000; i++) x = net.relu(x);
    net.output(x, [1]);
    const model = net.build();
    model.graph!.node.reverse();
    expect(new Graph(model).topological().at(-1)?.output[0]).toBe(x);
  });

  it('names a node on a circle', () => {
    const model = chain();
    model.graph!.node[0]!.input[0] = 'c';
    expect(failureOf(() => new Graph(model).topological())).toEqual({
      code: 'GRAPH_CYCLE',
      message: 'the node depends on its own output',
      where: 'node a (Relu)',
    });
  });

  it('gives every node a name of its own', () => {
    const model = chain();
    const [a, b, c] = model.graph!.node;
    a!.name = '';
    b!.name = 'Relu_0';
    c!.name = 'Relu_0';
    const graph = new Graph(model);
    const names = model.graph!.node.map((node) => graph.nodeName(node));
    expect(new Set(names).size).toBe(3);
    expect(names[1]).toBe('Relu_0');
    expect(names[2]).toBe('Sigmoid_2');
  });

  it('sees what the body of an If reads from outside', () => {
    const model = chain();
    const body = create(GraphProtoSchema, {
      node: [create(NodeProtoSchema, { opType: 'Neg', input: ['b'], output: ['inner'] })],
      output: [valueInfo('inner')],
    });
    const branch = create(NodeProtoSchema, { name: 'if', opType: 'If', input: ['a'], output: ['d'] });
    setAttr(branch, 'then_branch', { graph: body });
    model.graph!.node.unshift(branch);
    const graph = new Graph(model);
    expect(graph.consumers('b').map(({ node, input }) => [node.name, input])).toContainEqual(['if', -1]);
    expect(graph.topological().map(({ name }) => name)).toEqual(['a', 'b', 'if', 'c']);
  });
});

describe('Graph.constant', () => {
  it.each([
    ['value', { tensor: writeTensor('', floatTensor([2, 1], [1, 2])) }, { dims: [2, 1], data: Float32Array.of(1, 2) }],
    ['value_float', { float: 3 }, { dims: [], data: Float32Array.of(3) }],
    ['value_floats', { floats: [3, 4] }, { dims: [2], data: Float32Array.of(3, 4) }],
    ['value_int', 5, { dims: [], data: BigInt64Array.of(5n) }],
    ['value_ints', [5, 6], { dims: [2], data: BigInt64Array.of(5n, 6n) }],
  ] as const)('reads a Constant node with the attribute %s', (attribute, value, expected) => {
    const net = new GraphBuilder();
    const constant = net.node('Constant', [], { [attribute]: value });
    net.output(constant);
    expect(new Graph(net.build()).constant(constant)).toMatchObject(expected);
  });

  it('reads initializers once, and nothing from values that are computed', () => {
    const graph = new Graph(chain());
    expect(graph.constant('w')?.data).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(graph.constant('w')).toBe(graph.constant('w'));
    expect([graph.constant('a'), graph.constant('x'), graph.constant('nothing')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('GraphBuilder', () => {
  it('gives the same model for the same calls', () => {
    for (const make of Object.values(smallNets)) expect(make(4)).toEqual(make(4));
  });

  it('stores equal constants once and different ones apart, also 0 and -0', () => {
    const net = new GraphBuilder();
    const names = [
      intTensor([1, 2]),
      intTensor([1, 2]),
      intTensor([1, 2], [2, 1]),
      floatTensor([1], [0]),
      floatTensor([1], [-0]),
    ];
    expect(names.map((tensor) => net.init(tensor))).toEqual(['const1', 'const1', 'const2', 'const3', 'const4']);
  });

  it('refuses a name that is taken and a graph without an output', () => {
    const net = new GraphBuilder();
    net.input('x', [1]);
    expect(failureOf(() => net.node('Relu', ['x'], {}, 'x')).message).toBe('the name x is taken');
    expect(failureOf(() => net.build()).message).toBe('the graph has no output');
  });

  it('leaves a built graph unaffected by changes to its clone', () => {
    const model = chain();
    cloneModel(model).graph!.node.pop();
    expect(model.graph!.node).toHaveLength(3);
  });
});
