import { DataType, GraphBuilder, intTensor, type ModelProto } from '@kneepoint/onnx';
import { type Door, door, finished } from '../door.ts';
import { HalfDead } from '../half-dead.ts';

const { INT64, FLOAT } = DataType;
const trunk = (net: HalfDead) => net.block(net.block(net.take(['N', 3, 8, 8]), 16), 16);

function branch(op: string, axes: readonly number[], name: string) {
  const inner = new GraphBuilder({ name });
  inner.output(
    inner.node(
      op,
      ['pooled', ...(op === 'Squeeze' ? [inner.init(intTensor(axes), `${name}.axes`)] : [])],
      {},
      `${name}.out`,
    ),
  );
  return { graph: inner.build().graph! };
}

/** Squeezes the last axes where they are 1 long, as exporters write a squeeze of an axis that they do not know. */
function deciding(condition: (net: HalfDead) => string): { model: ModelProto } {
  const net = new HalfDead(1);
  net.graph.node('GlobalAveragePool', [trunk(net)], {}, 'pooled');
  const branches = { then_branch: branch('Squeeze', [2, 3], 'yes'), else_branch: branch('Relu', [], 'no') };
  const chosen = net.graph.node('If', [condition(net)], branches, 'chosen');
  const flat = net.note(net.graph.node('Reshape', [chosen, net.graph.init(intTensor([-1, 16]))]), [16]);
  net.declare(net.linear(flat, 5, 'answer'), ['N', 5]);
  return { model: net.build() };
}

export const answers: readonly Door[] = [
  door('a map of classes, by ArgMax', (net) => {
    const logits = net.conv(trunk(net), 4, { kernel: 1, name: 'answer' });
    net.declare(net.graph.node('ArgMax', [logits], { axis: 1 }), ['N', 1, 8, 8], INT64);
  }),
  door('the best five, by TopK', (net) => {
    const scores = net.linear(net.flatten(net.globalPool(trunk(net))), 9, 'answer');
    const [values, places] = net.graph.multi('TopK', [scores, net.graph.init(intTensor([5]))], 2) as [string, string];
    net.declare(values, ['N', 5]);
    net.declare(places, ['N', 5], INT64);
  }),
  door('three answers and a layer that is one of them', (net) => {
    const x = net.maxPool(net.block(net.take(['N', 3, 8, 8]), 16));
    const y = net.block(x, 16);
    net.answer(y, 'N', 'answer_one');
    net.answer(y, 'N', 'answer_two');
    net.declare(net.conv(y, 4, { name: 'answer_map' }), ['N', 4, 4, 4]);
  }),
  door(
    'a layer that is itself an answer',
    (net) => {
      const y = net.conv(net.block(net.take(['N', 3, 8, 8]), 16), 16, { name: 'shown' });
      net.declare(y, ['N', 16, 8, 8]);
      net.answer(net.block(net.relu(y), 16));
    },
    { stays: { shown: /output of the network|is an output|output/ } },
  ),
  door('answers that are all near nought', (net) => {
    const y = net.conv(trunk(net), 1, { kernel: 1, name: 'answer', bias: false });
    net.declare(net.pointwise('Sigmoid', [net.pointwise('Sub', [y, net.scalar(9.5)])]), ['N', 1, 8, 8]);
  }),
  door('answers that are all near one', (net) => {
    const y = net.conv(trunk(net), 2, { kernel: 1, name: 'answer', bias: false });
    net.declare(net.pointwise('Sigmoid', [net.pointwise('Add', [y, net.scalar(15)])]), ['N', 2, 8, 8]);
  }),
  door('class probabilities, by Softmax', (net) => {
    net.declare(
      net.pointwise('Softmax', [net.linear(net.flatten(net.globalPool(trunk(net))), 7, 'answer')], { axis: 1 }),
      ['N', 7],
    );
  }),
  door('whether there is a face, and how sure that is', (net) => {
    const y = net.linear(net.flatten(net.globalPool(trunk(net))), 1, 'answer');
    net.declare(y, ['N', 1]);
    net.declare(net.graph.node('Greater', [y, net.scalar(0)]), ['N', 1], DataType.BOOL);
  }),
  door('whether there is a face, and nothing else', (net) => {
    const y = net.linear(net.flatten(net.globalPool(trunk(net))), 1, 'answer');
    net.declare(net.graph.node('Greater', [y, net.scalar(50)]), ['N', 1], DataType.BOOL);
  }),
  door('an embedding of length one', (net) => {
    const y = net.linear(net.flatten(net.globalPool(trunk(net))), 8, 'answer');
    net.declare(net.graph.node('LpNormalization', [y], { axis: 1, p: 2 }), ['N', 8]);
  }),
  finished('a branch that shapes decide', () =>
    deciding((net) => {
      const length = net.graph.node('Gather', [
        net.graph.node('Shape', ['pooled']),
        net.graph.init(intTensor([3], [])),
      ]);
      return net.graph.node('Equal', [length, net.graph.init(intTensor([1], []))]);
    }),
  ),
  finished(
    'a branch that the image decides',
    () =>
      deciding((net) => {
        const sum = net.graph.node('ReduceSum', ['pooled'], { keepdims: 0 });
        return net.graph.node('Greater', [sum, net.graph.init({ dims: [], type: FLOAT, data: Float32Array.of(-1e9) })]);
      }),
    { stays: { conv2: /If|chosen/ } },
  ),
];
