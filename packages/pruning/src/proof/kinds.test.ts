import type { ModelProto } from '@kneepoint/onnx';
import { Failure } from '@kneepoint/failures';
import { DataType, encodeModel, floatTensor, Layers, type Tensor } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { analyzeChannels } from '../analysis/analysis.ts';
import { randomPlan } from '../plan/plan-by-criterion.ts';
import { hardNets } from '../testing/hard-nets.ts';
import { measureShapes, noise, runBatches } from '../testing/ort.ts';
import { analysed, expectProved, provePlan } from '../testing/prove-plan.ts';
import type { RunModel } from './batches.ts';
import { inputDependence, type ModelOutput } from './compare.ts';
import { heInitialise } from './he-initialise.ts';
import { levelSignals } from './level-signals.ts';
import { prove } from './prove.ts';

describe('a right cut is proved, hard as it is to tell from a wrong one', () => {
  it.each(Object.entries(hardNets))('%s', async (_, make) => {
    const { proof } = await provePlan(make());
    expectProved(proof);
    expect(proof.negativeControl.detected).toBe(true);
    expect(JSON.stringify(proof)).not.toMatch(/NaN|Infinity/);
  });
});

it('rounding is measured where a difference asks for it, and only there', async () => {
  const small = (await provePlan(hardNets['answers near 1e-5 behind a sigmoid']!())).proof;
  expect(small.rounding).toBeGreaterThan(1e-4);
  expect(small.byDefault).toBeGreaterThan(small.tolerance);
  expect(small.gates.default.detail).toMatch(
    /where rounding alone does \d\.\d+e-\d; allowed are 0\.00001 or 4 times that$/,
  );
  expect((await provePlan(hardNets['a difference of nearly equal numbers']!())).proof.rounding).toBeNull();
});

it('a network that makes anything of rounding is undecided, with both figures', async () => {
  const net = new Layers(5);
  let x = net.conv(net.block(net.image(3, 8), 8), 6);
  for (let i = 0; i < 4; i++)
    x = net.pointwise('Sin', [net.pointwise('Mul', [x, net.graph.init(floatTensor([], [1000]))])]);
  net.output(x);
  const { proof } = await provePlan(net.build());
  expect(proof).toMatchObject({ passed: false, undecided: true });
  const failed = Object.values(proof.gates).filter(({ passed }) => !passed);
  expect(failed.length).toBeGreaterThan(0);
  for (const { detail } of failed)
    expect(detail).toMatch(/changed the output by .*rounding, which changes it by|rounding alone does/);
});

describe('fresh weights let the image through', () => {
  it.each([
    'sixty layers of ReLU',
    'sixteen layers of sigmoids',
    'forty layers of tanh',
    'forty layers of hard sigmoids',
  ])('%s', async (name) => {
    const { model, shapes } = await analysed(hardNets[name]!());
    const fed = [[{ name: 'image', dims: [4, 3, 8, 8], data: noise([4, 3, 8, 8], 2) }]];
    const share = async (of: ModelProto) => {
      const results = await runBatches(encodeModel(of), fed);
      const moved = inputDependence({ images: [4], results }).get('logits')!;
      return moved / Math.max(...results[0]!.get('logits')!.data.map(Math.abs));
    };
    const drawn = heInitialise(model, 1);
    const levelling = levelSignals(drawn, shapes, 4);
    const before = await share(drawn);
    levelling.apply(drawn, await runBatches(encodeModel(levelling.probe), fed));
    const after = await share(drawn);
    expect(after).toBeGreaterThan(0.05);
    expect(after).toBeGreaterThan(before);
  });
});

describe('answers that are classes or truth values alone are proved by what decides them', () => {
  const deciding: Record<string, (net: Layers, x: string) => string> = {
    'a mask that is false on every image': (net, x) =>
      net.graph.node('Greater', [net.conv(x, 4), net.graph.init(floatTensor([], [1e6]))]),
    'a class that is the same for every image': (net, x) =>
      net.graph.node('ArgMax', [
        net.graph.node('Add', [net.conv(x, 4), net.graph.init(floatTensor([4, 1, 1], [0, 100, 0, 0]))]),
      ]),
    'no mask at all, read through Not and Cast': (net, x) => {
      const mask = net.graph.node('Less', [net.conv(x, 4), net.graph.init(floatTensor([], [1e6]))]);
      return net.graph.node('Cast', [net.graph.node('Not', [mask])], { to: DataType.INT32 });
    },
  };
  const TYPES = [DataType.BOOL, DataType.INT64, DataType.INT32];

  it.each(Object.keys(deciding).map((name, i) => [name, TYPES[i]!] as const))('%s', async (name, type) => {
    const net = new Layers(7);
    net.graph.output(deciding[name]!(net, net.block(net.image(3, 8), 8)), [], type);
    const model = net.build();
    delete model.graph!.output[0]!.type;
    const shapes = await measureShapes(model);
    const plan = randomPlan(analyzeChannels(model, shapes), 0.5, 1);
    const images = [noise([2, 3, 8, 8], 1)];
    const proof = await prove({ model, shapes, plan, images, run: runBatches });
    expectProved(proof);
    expect(proof.negativeControl.detected).toBe(true);
    // The answers are those of masking still, but what decides them is not.
    const off: RunModel = async (bytes, batches, options) => {
      const results = await runBatches(bytes, batches, options);
      if (Buffer.from(bytes).includes('_masked1')) return results;
      return results.map(
        (result) =>
          new Map(
            [...result].map(([key, output]) => [
              key,
              output.whole ? output : { ...output, data: output.data.map((value) => value * 1.001) },
            ]),
          ),
      );
    };
    expect((await prove({ model, shapes, plan, images, run: off })).passed).toBe(false);
  });
});

describe('an index may differ where its scores tie', () => {
  /** The network of an ArgMax, run so that the cut one names another class at one place, and what rounding shakes does so at some. */
  async function provedWith(shaken: readonly number[], cut: number): Promise<boolean> {
    const net = new Layers(7);
    const scores = net.conv(net.block(net.image(3, 8), 8), 4, { kernel: 1 });
    const top = net.graph.node('ArgMax', [scores], { axis: 1 });
    net.graph.output(top, ['N', 1, 8, 8], DataType.INT64);
    const model = net.build();
    const shapes = await measureShapes(model);
    const images = [noise([2, 3, 8, 8], 1)];
    const run: RunModel = async (bytes, batches, options) => {
      const masked = Buffer.from(bytes).includes('_masked1');
      const places = masked ? (batches[0]![0]!.data === images[0] ? [] : shaken) : [cut];
      const results = await runBatches(bytes, batches, options);
      return results.map((result) => {
        const output = result.get(top);
        // The probe of fresh weights gives floats beside it.
        if (!output || [...result.keys()].some((name) => name.startsWith('level_'))) return result;
        const data = output.data.map((value, i) => (places.includes(i) ? (value + 1) % 4 : value)) as Float64Array;
        return new Map([...result, [top, { ...output, data }]]);
      });
    };
    const plan = randomPlan(analyzeChannels(model, shapes), 0.5, 1);
    return (await prove({ model, shapes, plan, images, run })).passed;
  }

  it('and nowhere else', async () => {
    expect(await provedWith([3, 70], 70)).toBe(true);
    expect(await provedWith([3, 70], 71)).toBe(false);
    expect(await provedWith([], 70)).toBe(false);
  });
});

describe('a network that the runtime makes another one of by default is refused for that', () => {
  const bytes = (dims: readonly number[], values: readonly number[]): Tensor => ({
    ...{ dims, type: DataType.INT8, data: Int8Array.from(values) },
  });

  /** Mean − x has the outline of a layer norm, which is x − mean. */
  function turnedNorm(): ModelProto {
    const net = new Layers(3);
    const x = net.block(net.image(3, 8), 8);
    const { graph } = net;
    const scalar = (value: number): string => graph.init(floatTensor([], [value]));
    const row = (value: number): string => graph.init(floatTensor([8], Array<number>(8).fill(value)));
    const mean = (value: string): string => graph.node('ReduceMean', [value], { axes: [-1] });
    const apart = graph.node('Sub', [mean(x), x]);
    const spread = graph.node('Sqrt', [graph.node('Add', [mean(graph.node('Pow', [apart, scalar(2)])), scalar(0.1)])]);
    const scaled = graph.node('Mul', [graph.node('Div', [apart, spread]), row(1.5)]);
    net.heads(net.block(net.note(graph.node('Add', [scaled, row(0.5)]), [8, 8, 8]), 8), { logits: 4 });
    return net.build();
  }

  /** Scales of a weight along the channels that it reads: six, where eight are made. */
  function otherAxis(): ModelProto {
    const net = new Layers(3);
    const { graph } = net;
    const steps = (value: string, step: number): string => {
      const given = [graph.init(floatTensor([], [step])), graph.init(bytes([], [0]))];
      return graph.node('DequantizeLinear', [graph.node('QuantizeLinear', [value, ...given]), ...given]);
    };
    const x = steps(net.block(net.image(3, 8), 6), 0.03);
    const whole = graph.init(
      bytes(
        [8, 6, 1, 1],
        Array.from({ length: 48 }, (_, i) => ((i * 37) % 200) - 100),
      ),
    );
    const scales = graph.init(floatTensor([6], [0.01, 0.02, 0.04, 0.08, 0.01, 0.02]));
    const weight = graph.node('DequantizeLinear', [whole, scales, graph.init(bytes([6], [0, 0, 0, 0, 0, 0]))], {
      axis: 1,
    });
    const y = steps(graph.node('Conv', [x, weight]), 0.4);
    net.heads(net.note(net.graph.node('Relu', [y]), [8, 8, 8]), { logits: 4 });
    return net.build();
  }

  it('and not for rounding or a wrong rule', async () => {
    await expect(provePlan(turnedNorm())).rejects.toMatchObject({
      code: 'SURGERY_RUNTIME_DIFFERS',
      message: expect.stringMatching(
        /^ONNX Runtime answers the network by default otherwise .* rounding alone does \d\.\d+e-[67]/,
      ) as string,
      where: expect.stringMatching(/\(Add\)$/) as string,
      fix: expect.stringContaining('LayerNormalization') as string,
    });
    const coded: RunModel = (...given) =>
      runBatches(...given).catch((error: unknown) => {
        throw new Failure('RUNTIME_RUN_FAILED', (error as Error).message);
      });
    const model = otherAxis();
    const shapes = await measureShapes(model);
    const plan = randomPlan(analyzeChannels(model, shapes), 0.5, 1);
    const images = [noise([2, 3, 8, 8], 1)];
    await expect(prove({ model, shapes, plan, images, run: coded })).rejects.toMatchObject({
      code: 'SURGERY_RUNTIME_DIFFERS',
      message: expect.stringMatching(/runs node by node .*filter scale shape/) as string,
    });
  });

  it('but not where the cut network is wrong as it is written', async () => {
    const model = turnedNorm();
    const shapes = await measureShapes(model);
    const plan = randomPlan(analyzeChannels(model, shapes), 0.5, 1);
    const off: RunModel = async (bytes, batches, options) => {
      const results = await runBatches(bytes, batches, options);
      if (Buffer.from(bytes).includes('_masked1')) return results;
      const wrong = (output: ModelOutput): ModelOutput => ({
        ...output,
        data: output.data.map((value) => value * 100),
      });
      return results.map((result) => new Map([...result].map(([name, output]) => [name, wrong(output)])));
    };
    const proof = await prove({ model, shapes, plan, images: [noise([2, 3, 8, 8], 1)], run: off });
    expect(proof.gates.own.passed).toBe(false);
  });
});
