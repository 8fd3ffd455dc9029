import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packDataset } from '@kneepoint/datasets';
import { encodeModel, floatTensor, Layers, type ModelProto, vggStyle } from '@kneepoint/onnx';
import { runTask } from '@kneepoint/runtime';
import { trainingSettings } from '@kneepoint/workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage, type Training } from '../testing/stage.ts';
import type { FinetuneTaskInput, FinetuneTaskOutput } from './finetune.task.ts';

/** No training ends worse on validation than it began, and its first epoch does not destroy what was there. */
function expectKept({ epochs, tasks }: Pick<FinetuneTaskOutput, 'epochs' | 'tasks'>): void {
  const [start, first] = epochs;
  expect(start!.epoch).toBe(0);
  expect(first!.validationLoss).toBeLessThanOrEqual(2 * start!.validationLoss);
  const { validation, higherIsBetter } = tasks[0]!;
  // Judged once more from the file that was written.
  const slack = 1e-5 * Math.abs(start!.metric);
  if (higherIsBetter) expect(validation).toBeGreaterThanOrEqual(start!.metric - slack);
  else expect(validation).toBeLessThanOrEqual(start!.metric + slack);
}

/** Convolution, ReLU, and only then normalisation, which cannot be folded into the convolution. */
function normalisedBehindRelu(): ModelProto {
  const net = new Layers(3);
  let x = net.image(3, 32);
  for (const filters of [8, 12, 16]) x = net.maxPool(net.batchNorm(net.relu(net.conv(x, filters))));
  net.heads(x, { logits: 1 });
  return net.build();
}

/** Inverted residuals at the size of the stage's images (Sandler et al. 2018). */
function invertedResiduals(): ModelProto {
  const net = new Layers(5);
  const clip = (x: string): string =>
    net.pointwise('Clip', [x, net.graph.init(floatTensor([], [0])), net.graph.init(floatTensor([], [6]))]);
  const plain = { bias: false };
  let x = clip(net.batchNorm(net.conv(net.image(3, 32), 8, { stride: 2, ...plain })));
  for (let i = 0; i < 2; i++) {
    const wide = clip(net.batchNorm(net.conv(x, 24, { kernel: 1, ...plain })));
    const spatial = clip(net.batchNorm(net.conv(wide, 24, { group: 24, ...plain })));
    x = net.pointwise('Add', [net.batchNorm(net.conv(spatial, 8, { kernel: 1, ...plain })), x]);
  }
  net.heads(x, { logits: 1 });
  return net.build();
}

/** Two residual blocks; `kept`: with batch normalisation as nodes, else as exporters fold it into the convolutions. */
function residual(kept: boolean): ModelProto {
  const net = new Layers(4);
  const conv = (x: string, filters: number, stride = 1): string => {
    const made = net.conv(x, filters, { stride, bias: !kept });
    return kept ? net.batchNorm(made) : made;
  };
  let x = net.relu(conv(net.image(3, 32), 8, 2));
  x = net.relu(net.pointwise('Add', [conv(net.relu(conv(x, 8)), 8), x]));
  x = net.relu(net.pointwise('Add', [conv(net.relu(conv(x, 12, 2)), 12), conv(x, 12, 2)]));
  net.heads(x, { logits: 1 });
  return net.build();
}

const NETS: Readonly<Record<string, ModelProto>> = {
  'plain convolutions': vggStyle({ widths: [8, 'pool', 12, 'pool', 16], size: 32, seed: 1, headTasks: { logits: 1 } }),
  'residual blocks with batch normalisation': residual(true),
  'residual blocks with folded batch normalisation': residual(false),
  'depthwise convolutions in inverted residuals': invertedResiduals(),
  'normalisation behind the activation': normalisedBehindRelu(),
};

describe('trained from the weights that it came with, by the defaults,', () => {
  let stage: Stage;
  beforeAll(async () => (stage = await Stage.open()));
  afterAll(() => stage.close());

  it.each(Object.entries(NETS))('a network of %s keeps what it was', async (name, model) => {
    const path = await stage.write(`${name}.onnx`, encodeModel(model));
    const settings = { epochs: 2, batchSize: 32 };
    // The head is fitted by an epoch of its own: what is inherited must be worth something.
    const before: Training = {
      mode: 'head',
      tasks: ['yaw'],
      network: { path },
      settings: { epochs: 20, patience: null },
    };
    const fitted = await stage.train(before);
    const network = { path: await stage.write(`${name}-fitted.onnx`, fitted.bytes) };
    expectKept(await stage.train({ mode: 'whole', tasks: ['yaw'], network, settings }));
  });
});

const data = process.env['KNEEPOINT_DATA'];

describe.runIf(data !== undefined && existsSync(join(data, 'models')))('on photographs', () => {
  let stage: Stage;
  beforeAll(async () => (stage = await Stage.open(16)));
  afterAll(() => stage.close());

  it.each(['head-pose-estimation-adas-0001', 'seetaface-onet', 'slim-320'])(
    '%s keeps what it was',
    async (file) => {
      const archivePath = join(stage.folder, `${file}.tar`);
      const set = await packDataset(join(data!, 'cmu_faces'), { out: archivePath, group: 'identity' });
      const text = readFileSync(join(data!, 'models', `${file}.preprocess.json`), 'utf8');
      const preprocess = JSON.parse(text) as FinetuneTaskInput['job']['preprocess'];
      const job: FinetuneTaskInput['job'] = {
        network: { sha256: '0' },
        preprocess,
        datasetSha256: set.sha256,
        manifestSha256: '0',
        tasks: set.tasks.filter(({ name }) => name === 'eyes'),
        mode: 'whole',
        settings: trainingSettings('whole', { epochs: 2 }),
        split: { seed: 1 },
        label: 'arm',
        modelName: file,
      };
      const network = { path: join(data!, 'models', `${file}.onnx`), cutAt: null };
      expectKept(
        await runTask<FinetuneTaskInput, FinetuneTaskOutput>(
          new URL('./finetune.task.ts', import.meta.url),
          { job, network, archivePath, outFolder: stage.folder },
          { timeoutMs: 1_000_000 },
        ),
      );
    },
    1_000_000,
  );
});
