import { DataType } from '@kneepoint/onnx';
import { type Door, door, finished } from '../door.ts';
import { HalfDead } from '../half-dead.ts';

const { FLOAT, INT8, UINT8, INT32 } = DataType;
const STEP = 1 / 64;

const whole = (net: HalfDead, type: typeof INT8 | typeof UINT8, value = 0) =>
  net.graph.init({ dims: [], type, data: type === INT8 ? Int8Array.of(value) : Uint8Array.of(value) });
const step = (net: HalfDead, value = STEP) => net.graph.init({ dims: [], type: FLOAT, data: Float32Array.of(value) });

/** An int8 kernel of which the second half of the filters is zero. */
function kernel(net: HalfDead, dims: readonly number[]): string {
  const drawn = net.filters(dims);
  const most = drawn.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return net.graph.init({ dims, type: INT8, data: Int8Array.from(drawn, (v) => Math.round((127 * v) / most)) });
}

const quantise = (net: HalfDead, x: string) => net.pointwise('QuantizeLinear', [x, step(net), whole(net, UINT8, 128)]);
const real = (net: HalfDead, x: string) => net.pointwise('DequantizeLinear', [x, step(net), whole(net, UINT8, 128)]);

/** A layer whose kernel is int8, with a scale for all filters or for each. */
function qdqConv(net: HalfDead, x: string, from: number, perChannel: boolean, name: string): string {
  const scale = perChannel
    ? net.graph.init({ dims: [16], type: FLOAT, data: Float32Array.from({ length: 16 }, (_, i) => (1 + i) / 2000) })
    : step(net, 0.004);
  const zero = perChannel ? net.graph.init({ dims: [16], type: INT8, data: new Int8Array(16) }) : whole(net, INT8);
  const axis = perChannel ? { axis: 0 } : {};
  const w = net.graph.node('DequantizeLinear', [kernel(net, [16, from, 3, 3]), scale, zero], axis);
  const bias = net.graph.init({
    dims: [16],
    type: INT32,
    data: Int32Array.from({ length: 16 }, (_, i) => (i < 8 ? 40 * (i - 4) : 0)),
  });
  const b = net.graph.node('DequantizeLinear', [bias, step(net, 0.0005)]);
  const y = net.graph.node('Conv', [real(net, quantise(net, x)), w, b], { pads: [1, 1, 1, 1] }, name);
  return net.relu(net.note(y, [16, 8, 8]));
}

function qdq(net: HalfDead, perChannel: boolean): void {
  const x = net.take(['N', 3, 8, 8]);
  net.answer(qdqConv(net, qdqConv(net, x, 3, perChannel, 'a'), 16, perChannel, 'b'));
}

function qlinear(net: HalfDead, x: string, from: number, group: number, name: string): string {
  const out = 16;
  const scale = net.graph.init({
    dims: [out],
    type: FLOAT,
    data: Float32Array.from({ length: out }, (_, i) => (4 + i) / 4000),
  });
  const zero = net.graph.init({ dims: [out], type: INT8, data: new Int8Array(out) });
  const bias = net.graph.init({
    dims: [out],
    type: INT32,
    data: Int32Array.from({ length: out }, (_, i) => (i < out / 2 ? 30 * i : 0)),
  });
  const at = [step(net), whole(net, UINT8, 128)];
  const inputs = [x, ...at, kernel(net, [out, from / group, 3, 3]), scale, zero, ...at, bias];
  return net.note(net.graph.node('QLinearConv', inputs, { pads: [1, 1, 1, 1], group }, name), [out, 8, 8]);
}

/** A node of a domain that nobody defines. */
function unknownDomain(): ReturnType<Door['make']> {
  const net = new HalfDead(1);
  net.answer(net.pointwise('Wobble', [net.block(net.take(['N', 3, 8, 8]), 16)]));
  const model = net.build();
  model.graph!.node.find(({ opType }) => opType === 'Wobble')!.domain = 'elsewhere';
  model.opsetImport.push({ ...model.opsetImport[0]!, domain: 'elsewhere', version: 1n });
  return { model };
}

/** Quantised all through, as ONNX Runtime's QOperator format has it: two branches joined, and a linear layer that gives plain numbers or not. */
function operators(single: boolean): ReturnType<Door['make']> {
  const net = new HalfDead(1);
  const at = [step(net), whole(net, UINT8, 128)];
  const x = quantise(net, net.take(['N', 3, 8, 8]));
  const parts = ['a', 'b'].flatMap((name) => [qlinear(net, x, 3, 1, name), ...at]);
  const both = net.note(net.graph.node('QLinearConcat', [...at, ...parts], { axis: 1 }, 'both'), [32, 8, 8]);
  const pooled = net.graph.node('QLinearGlobalAveragePool', [qlinear(net, both, 32, 1, 'c'), ...at, ...at], {}, 'pool');
  const flat = net.flatten(net.note(pooled, [16, 1, 1]));
  const linear = (y: string, from: number, to: number, name: string, last: boolean): string => {
    const w = last
      ? net.graph.init({
          dims: [to, from],
          type: INT8,
          data: Int8Array.from({ length: to * from }, (_, i) => ((i * 37) % 255) - 127),
        })
      : kernel(net, [to, from]);
    const bias = net.graph.init({
      dims: [to],
      type: INT32,
      data: Int32Array.from({ length: to }, (_, i) => (i < to / 2 ? i : 0)),
    });
    const inputs = [y, ...at, w, step(net, 0.01), whole(net, INT8), bias, ...(last && single ? [] : at)];
    return net.note(net.graph.node('QGemm', inputs, { transB: 1 }, name), [to]);
  };
  const y = linear(linear(flat, 16, 16, 'd', false), 16, 5, 'answer', true);
  net.declare(single ? y : real(net, y), ['N', 5]);
  const model = net.build();
  const own = new Set(['QLinearConcat', 'QLinearGlobalAveragePool', 'QGemm']);
  for (const node of model.graph!.node) if (own.has(node.opType)) node.domain = 'com.microsoft';
  model.opsetImport.push({ ...model.opsetImport[0]!, domain: 'com.microsoft', version: 1n });
  return { model };
}

/** An operator of ONNX Runtime's own domain. */
function runtimeDomain(): ReturnType<Door['make']> {
  const net = new HalfDead(1);
  const x = net.block(net.block(net.take(['N', 3, 8, 8]), 16), 16);
  const y = net.pointwise('QuickGelu', [net.conv(x, 16, { name: 'before' })]);
  net.answer(net.block(y, 16));
  const model = net.build();
  model.graph!.node.find(({ opType }) => opType === 'QuickGelu')!.domain = 'com.microsoft';
  model.opsetImport.push({ ...model.opsetImport[0]!, domain: 'com.microsoft', version: 1n });
  return { model };
}

export const quantised: readonly Door[] = [
  door('int8 behind a scale for each tensor', (net) => qdq(net, false)),
  door('int8 behind a scale for each filter', (net) => qdq(net, true)),
  door('QLinearConv', (net) => {
    const x = quantise(net, net.take(['N', 3, 8, 8]));
    net.answer(real(net, qlinear(net, qlinear(net, x, 3, 1, 'a'), 16, 1, 'b')));
  }),
  door('QLinearConv, depthwise', (net) => {
    const x = qlinear(net, quantise(net, net.take(['N', 3, 8, 8])), 3, 1, 'a');
    net.answer(real(net, qlinear(net, qlinear(net, x, 16, 16, 'b'), 16, 1, 'c')));
  }),
  finished('operators of a runtime on whole numbers, joined, with linear layers', () => operators(false)),
  finished('operators of a runtime on whole numbers, the last of which gives plain ones', () => operators(true)),
  door(
    'a matrix quantised as it runs',
    (net) => {
      const y = net.flatten(net.globalPool(net.block(net.block(net.take(['N', 3, 8, 8]), 16), 16)));
      const [q, scale, zero] = net.graph.multi('DynamicQuantizeLinear', [y], 3) as [string, string, string];
      const matrix = net.graph.init({
        dims: [16, 5],
        type: INT8,
        data: Int8Array.from({ length: 80 }, (_, i) => ((i * 37) % 255) - 127),
      });
      const product = net.graph.node('MatMulInteger', [q, matrix, zero, whole(net, INT8)], {}, 'answer');
      const sums = net.graph.node('Mul', [
        net.graph.node('Cast', [product], { to: FLOAT }),
        net.graph.node('Mul', [scale, step(net)]),
      ]);
      net.declare(sums, ['N', 5]);
    },
    { stays: { conv2: /DynamicQuantizeLinear/ } },
  ),
  finished('a domain that nobody defines', unknownDomain, {
    refused: 'GRAPH_UNKNOWN_DOMAIN',
    unreadable: 'GRAPH_UNKNOWN_DOMAIN',
  }),
  finished('an operator of a runtime’s own domain', runtimeDomain, { stays: { before: /QuickGelu/ } }),
];
