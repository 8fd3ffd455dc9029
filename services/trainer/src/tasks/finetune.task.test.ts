import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '@kneepoint/failures';
import { Graph, readTensor } from '@kneepoint/onnx';
import { learnedInitializers } from '@kneepoint/autodiff';
import { metricOf } from '@kneepoint/regression';
import { taskProcessesOf } from '../../../../test/support/task-processes.ts';
import { Stage, type Trained, type Training } from '../testing/stage.ts';
import { readCheckpoint } from '../training/checkpoint-file.ts';
import type { CheckpointEvent } from '../training/fit.ts';

let stage: Stage;
beforeAll(async () => (stage = await Stage.open()));
afterAll(() => stage.close());

const YAW: Training = { mode: 'scratch', tasks: ['yaw'], settings: { checkpointSeconds: 0 } };

function weights({ model }: Pick<Trained, 'model'>): Record<string, number[]> {
  const { initializer } = new Graph(model).proto;
  return Object.fromEntries(initializer.map((tensor) => [tensor.name, [...(readTensor(tensor).data as Float32Array)]]));
}

async function failure(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof Failure) return error;
  throw error;
}

/** Everything of a training but its clock. */
function timeless({ epochs, seconds: _s, imagesPerSecond: _i, bytes: _b, model: _m, ...rest }: Trained) {
  return { ...rest, epochs: epochs.map(({ seconds: _seconds, imagesPerSecond: _rate, ...record }) => record) };
}

describe('the same seed', () => {
  it('gives the same weights, bit for bit, and another seed others', async () => {
    const [first, second] = [await stage.train(YAW), await stage.train(YAW)];
    expect(first.bytes.equals(second.bytes)).toBe(true);
    expect(timeless(first)).toEqual(timeless(second));
    const other = await stage.train({ ...YAW, settings: { ...YAW.settings, seed: 2 } });
    expect(weights(other)).not.toEqual(weights(first));
  });

  it('gives the same weights when the process was killed in mid-epoch and the training went on', async () => {
    const undisturbed = await stage.train(YAW);
    const kept = join(stage.folder, 'kept');
    let position: CheckpointEvent['position'] | undefined;
    const killed = stage.train({
      ...YAW,
      onEvent: async (event) => {
        const { path, position: at } = event as CheckpointEvent;
        if (position !== undefined || at.epoch < 1 || at.step < 2) return;
        position = at;
        await copyFile(path, kept);
      },
      onProgress: ({ done }) => {
        // Some steps later than the checkpoint, and not at the end of an epoch either.
        if (position !== undefined && done > 32 + 24)
          for (const pid of taskProcessesOf(process.pid)) process.kill(pid, 'SIGKILL');
      },
    });
    expect((await failure(killed)).code).toBe('RUNTIME_CRASHED');
    expect(position).toMatchObject({ epoch: 1, step: 2 });
    const resumed = await stage.train({ ...YAW, resumePath: kept });
    expect(resumed.bytes.equals(undisturbed.bytes)).toBe(true);
    expect(timeless(resumed)).toEqual(timeless(undisturbed));
  });

  it('gives the same from any checkpoint, also the one after the last epoch', async () => {
    const events: CheckpointEvent[] = [];
    const undisturbed = await stage.train({
      ...YAW,
      onEvent: async (event) => {
        const checkpoint = event as CheckpointEvent;
        events.push(checkpoint);
        await copyFile(checkpoint.path, join(stage.folder, `at-${events.length}`));
      },
    });
    expect(events.at(-1)!.position).toMatchObject({ epoch: 3, step: 0 });
    for (const number of [1, events.length]) {
      const resumed = await stage.train({ ...YAW, resumePath: join(stage.folder, `at-${number}`) });
      expect(resumed.bytes.equals(undisturbed.bytes)).toBe(true);
    }
  });
});

describe('the same seed, beginning with a trained network', () => {
  it('gives the same weights from a checkpoint, though normalisations and head are made anew at each start', async () => {
    const before = await stage.train({ mode: 'scratch', tasks: ['gender'], settings: { epochs: 1 } });
    const network = { path: await stage.write('begun.onnx', before.bytes) };
    const taught: Training = {
      mode: 'whole',
      tasks: ['gender'],
      network,
      settings: { epochs: 2, checkpointSeconds: 0 },
    };
    const { answersPath } = await stage.teach(taught, network);
    const distill = { answers: { key: '0', field: 'answersSha256' }, weight: 0.7, temperature: 2 };
    const training: Training = { ...taught, answersPath, distill };
    const kept = join(stage.folder, 'begun');
    let taken = false;
    const undisturbed = await stage.train({
      ...training,
      onEvent: async (event) => {
        const { path, position } = event as CheckpointEvent;
        if (taken || position.epoch !== 1 || position.step !== 1) return;
        taken = true;
        await copyFile(path, kept);
      },
    });
    const resumed = await stage.train({ ...training, resumePath: kept });
    expect(resumed.bytes.equals(undisturbed.bytes)).toBe(true);
    expect(timeless(resumed)).toEqual(timeless(undisturbed));
  });
});

describe('a training', () => {
  it('tells images of all epochs, and the loss, as it goes', async () => {
    const seen: { done: number; total: number; unit: string; message?: string }[] = [];
    await stage.train({ ...YAW, onProgress: (update) => void seen.push(update) });
    const images = seen.filter(({ unit }) => unit === 'images');
    const trained = images.filter(({ message }) => message?.startsWith('epoch'));
    const last = trained.at(-1)!;
    expect(last.done).toBe(last.total);
    expect(last.message).toMatch(/^epoch 3 of 3, loss \d/);
    expect(trained.every(({ done }, i) => i === 0 || done >= trained[i - 1]!.done)).toBe(true);
    const stages = seen.filter(({ unit }) => unit === 'stages').map(({ message }) => message);
    expect(stages).toEqual(['reading what the head reads', 'trying where to begin', 'judging']);
  });

  it('ends within a second of being canceled', async () => {
    const abort = new AbortController();
    const started = performance.now();
    let asked = 0;
    const canceled = stage.train({
      ...YAW,
      settings: { epochs: 1000, checkpointSeconds: 60 },
      signal: abort.signal,
      onProgress: () => {
        asked ||= performance.now();
        abort.abort();
      },
    });
    expect((await failure(canceled)).code).toBe('RUNTIME_CANCELED');
    // Where the process alone took longer than that to start, seconds are longer.
    expect(performance.now() - asked).toBeLessThan(Math.max(1000, asked - started));
  });

  it('of the head leaves everything before it as it was', async () => {
    const before = await stage.train({ mode: 'scratch', tasks: ['gender'], settings: { epochs: 1 } });
    const network = { path: await stage.write('one-epoch.onnx', before.bytes) };
    const flags = { crop: 0.1, flip: true };
    for (const settings of [{ epochs: 5 }, { epochs: 2, augment: flags }]) {
      const after = await stage.train({ mode: 'head', tasks: ['gender'], network, settings });
      const changed = Object.entries(weights(after)).filter(
        ([name, values]) => JSON.stringify(values) !== JSON.stringify(weights(before)[name]),
      );
      expect(changed.map(([name]) => name).sort()).toEqual(['head.bias', 'head.weight']);
      expect(after.trainedParameters).toBe(16 + 1);
      expect(after.parameters).toBe(before.parameters);
    }
  });

  it('leaves frozen layers as they were', async () => {
    const before = await stage.train({ mode: 'scratch', tasks: ['yaw'], settings: { epochs: 1 } });
    const network = { path: await stage.write('frozen.onnx', before.bytes) };
    const first = new Graph(before.model).topological().find(({ opType }) => opType === 'Conv')!;
    const settings = { epochs: 1, freeze: [first.name], learningRate: 0.01 };
    const after = await stage.train({ mode: 'whole', tasks: ['yaw'], network, settings });
    const [was, is] = [weights(before), weights(after)];
    const frozen = first.input.slice(1);
    for (const name of frozen) expect(is[name]).toEqual(was[name]);
    const best = after.bestEpoch > 0;
    for (const name of learnedInitializers(after.model).keys()) {
      if (best && !frozen.includes(name)) expect(is[name], name).not.toEqual(was[name]);
    }
  });

  it('starts from what the network already says, and keeps it where no epoch is better', async () => {
    const before = await stage.train({ mode: 'scratch', tasks: ['emotion'], settings: { epochs: 4 } });
    const network = { path: await stage.write('good.onnx', before.bytes) };
    const settings = { epochs: 1, learningRate: 1e-9 };
    const after = await stage.train({ mode: 'whole', tasks: ['emotion'], network, settings });
    expect(after.epochs[0]).toMatchObject({ epoch: 0, loss: null });
    expect(after.epochs[0]!.metric).toBeCloseTo(before.tasks[0]!.validation, 10);
    expect(after.tasks[0]!.test).toBeCloseTo(before.tasks[0]!.test, 10);
  });

  it('of several tasks gives each its columns, and judges each as it is judged alone', async () => {
    const tasks = ['yaw', 'gender', 'emotion', 'accessories', 'head_pose'];
    const trained = await stage.train({ mode: 'scratch', tasks, settings: { epochs: 2 } });
    expect(trained.tasks.map(({ task, metric }) => [task, metric])).toEqual(
      tasks.map((name) => [name, metricOf(stage.task(name)).name]),
    );
    const columns = tasks.reduce((sum, name) => sum + stage.task(name).targets.length, 0);
    const graph = new Graph(trained.model);
    expect(readTensor(graph.initializer('head.bias')!).dims).toEqual([columns]);
    const entries = new Map(trained.model.metadataProps.map(({ key, value }) => [key, value]));
    expect(JSON.parse(entries.get('kneepoint.tasks')!)).toHaveLength(tasks.length);
    expect(JSON.parse(entries.get('kneepoint.training')!)).toMatchObject({ mode: 'scratch' });
  });

  it('can learn from a teacher alone, whose answers are there', async () => {
    const teacher = await stage.train({ mode: 'scratch', tasks: ['yaw'], settings: { epochs: 2, seed: 5 } });
    const file = { path: await stage.write('teacher.onnx', teacher.bytes) };
    const taught: Training = {
      mode: 'scratch',
      tasks: ['yaw'],
      settings: { epochs: 3, seed: 5, augment: { flip: true, crop: 0.1, copies: 2 } },
    };
    const { answersPath, copies } = await stage.teach(taught, file);
    expect(copies).toBe(2);
    const distill = { answers: { key: '0', field: 'answersSha256' }, weight: 1, temperature: 1 };
    const trained = await stage.train({ ...taught, answersPath, distill });
    expect(trained.epochs.at(-1)!.loss!).toBeLessThan(trained.epochs[0]!.loss!);
    const other = await failure(stage.train({ ...taught, tasks: ['emotion'], answersPath, distill }));
    expect([other.code, other.where]).toEqual(['TRAINING_OPTION_INVALID', 'distill.answers']);
  });

  it('delivers the nodes that came, under their names, without those of normalisation that could be folded', async () => {
    const { model } = await stage.train({ ...YAW, settings: { epochs: 1 } });
    const ops = new Graph(model).topological().map(({ opType }) => opType);
    expect(ops).not.toContain('BatchNormalization');
    expect(ops.filter((op) => op === 'Conv')).toHaveLength(3);
    const kept = await stage.train({ ...YAW, settings: { epochs: 1, batchNorm: 'train' } });
    expect(new Graph(kept.model).topological().filter(({ opType }) => opType === 'BatchNormalization')).toHaveLength(3);
    const names = (of: Trained) =>
      new Graph(of.model).topological().flatMap(({ opType, name }) => (opType === 'Conv' ? [name] : []));
    expect(names({ model } as Trained)).toEqual(names(kept));
  });

  it('that explodes begins again at half the rate, says so, and ends no worse than it began', async () => {
    const before = await stage.train({ mode: 'scratch', tasks: ['yaw'], settings: { epochs: 3 } });
    const network = { path: await stage.write('inherited.onnx', before.bytes) };
    const settings = { epochs: 2, learningRate: 0.5, schedule: { kind: 'constant' } } as const;
    const training: Training = {
      mode: 'whole',
      tasks: ['yaw'],
      network,
      settings: { ...settings, checkpointSeconds: 0 },
    };
    const kept = join(stage.folder, 'again');
    let taken = false;
    const after = await stage.train({
      ...training,
      onEvent: async (event) => {
        const { path } = event as CheckpointEvent;
        const { meta } = (await readCheckpoint(path))!;
        if (taken || (meta as { restarts: string[] }).restarts.length === 0) return;
        taken = true;
        await copyFile(path, kept);
      },
    });
    expect(after.notes.join()).toMatch(/the first epoch took the loss .* began again with a learning rate of 0\.25/);
    const [start, first] = after.epochs;
    expect(start!.epoch).toBe(0);
    expect(first!.restarts).toBeGreaterThan(0);
    expect(first!.learningRate).toBeCloseTo(0.5 / 2 ** first!.restarts!, 10);
    expect(after.tasks[0]!.validation).toBeLessThanOrEqual(start!.metric * (1 + 1e-6));
    const resumed = await stage.train({ ...training, resumePath: kept });
    expect(resumed.bytes.equals(after.bytes)).toBe(true);
    expect(timeless(resumed)).toEqual(timeless(after));
  });

  it('with a batch larger than the data makes the batch smaller and says so', async () => {
    const { notes, steps } = await stage.train({ ...YAW, settings: { epochs: 2, batchSize: 500 } });
    expect(notes).toEqual([expect.stringMatching(/^batches hold \d+ images, not 500/) as string]);
    expect(steps).toBe(2);
  });
});

describe('what goes wrong', () => {
  it('a loss that leaves all bounds is TRAINING_DIVERGED with epoch and step, and the last good checkpoint stays', async () => {
    const good: string[] = [];
    const settings = {
      optimizer: { kind: 'sgd' },
      learningRate: 100,
      clipNorm: null,
      batchNorm: 'frozen',
      schedule: { kind: 'constant', warmupEpochs: 1 },
      checkpointSeconds: 0,
      epochs: 20,
    } as const;
    const found = await failure(
      stage.train({
        ...YAW,
        settings,
        onEvent: async (event) => {
          const path = join(stage.folder, `good-${good.length}`);
          await copyFile((event as CheckpointEvent).path, path);
          good.push(path);
        },
      }),
    );
    expect([found.code, found.where]).toEqual([
      'TRAINING_DIVERGED',
      expect.stringMatching(/^epoch \d+, step \d+$/) as string,
    ]);
    const last = (await readCheckpoint(good.at(-1)!))!;
    for (const values of Object.values(last.tensors)) expect(values.every(Number.isFinite)).toBe(true);
  });

  it('a checkpoint that the parent could not store ends the training with its code', async () => {
    const full = new Failure('CHECKPOINT_NOT_WRITTEN', 'the disk is full');
    const found = await failure(stage.train({ ...YAW, onEvent: () => Promise.reject(full) }));
    expect([found.code, found.message, found.retryable]).toEqual(['CHECKPOINT_NOT_WRITTEN', 'the disk is full', true]);
  });

  it('a layer to freeze that is not there is refused', async () => {
    const found = await failure(stage.train({ ...YAW, settings: { epochs: 1, freeze: ['nowhere'] } }));
    expect([found.code, found.message]).toEqual(['TRAINING_OPTION_INVALID', 'the model has no node nowhere']);
  });

  it('a network with another number of outputs is HEAD_BAD_SHAPE', async () => {
    const found = await failure(stage.train({ ...YAW, network: { path: stage.network.path } }));
    expect([found.code, found.message]).toEqual([
      'HEAD_BAD_SHAPE',
      'not an image → task network: it has 10 outputs for 1 targets',
    ]);
  });
});
