import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '../testing/stage.ts';

let stage: Stage;
beforeAll(async () => (stage = await Stage.open(48)));
afterAll(() => stage.close());

describe('where training begins', () => {
  it('is found by trial, which says so, and the network as it came is epoch 0', async () => {
    const before = await stage.train({ mode: 'scratch', tasks: ['yaw'], settings: { epochs: 2 } });
    const network = { path: await stage.write('before.onnx', before.bytes) };
    const messages: string[] = [];
    const after = await stage.train({
      mode: 'whole',
      tasks: ['yaw'],
      network,
      settings: { epochs: 2 },
      onProgress: ({ message = '' }) => void messages.push(message),
    });
    expect(messages).toContain('trying where to begin');
    expect(after.epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    // One unit of loss is the variance of the labels: whatever it begins with, it is not out of all bounds.
    expect(after.epochs[1]!.loss!).toBeLessThan(10);
  });

  it('needs no trial where nothing was learned', async () => {
    const messages: string[] = [];
    const onProgress = ({ message = '' }) => void messages.push(message);
    await stage.train({ mode: 'scratch', tasks: ['yaw'], settings: { epochs: 1 }, onProgress });
    expect(messages).not.toContain('trying where to begin');
  });
});
