import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel, floatTensor, GraphBuilder, intTensor, type ModelProto } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { withFolder } from '../testing/with-folder.ts';
import { openSession } from './open-session.ts';

/** The largest of three numbers around each, zeros beyond the ends. */
function paddedMaximum(): ModelProto {
  const net = new GraphBuilder();
  const x = net.input('x', ['N', 1, 4]);
  const padded = net.node('Pad', [x, net.init(intTensor([0, 0, 1, 0, 0, 1])), net.init(floatTensor([], [0]))], {}, 'p');
  net.output(net.node('MaxPool', [padded], { kernel_shape: [3] }, 'y'), ['N', 1, 4]);
  return net.build();
}

const feeds = { x: { data: Float32Array.of(-4, -3, -2, -1), dims: [1, 1, 4] } };

describe('a maximum behind zeros', () => {
  it.each(['disabled', 'basic', 'extended', 'all'] as const)('sees them, optimization %s', async (optimization) => {
    const session = await openSession(paddedMaximum(), { optimization });
    expect(session.outputs.map(({ name }) => name)).toEqual(['y']);
    expect(await session.run(feeds)).toEqual({ y: { data: Float32Array.of(0, -2, -1, 0), dims: [1, 1, 4] } });
    await session.release();
  });

  it('sees them from bytes and files too', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'm.onnx');
      const bytes = encodeModel(paddedMaximum());
      await writeFile(path, bytes);
      for (const model of [bytes, path]) {
        const session = await openSession(model);
        expect((await session.run(feeds))['y']!.data).toEqual(Float32Array.of(0, -2, -1, 0));
        await session.release();
      }
    });
  });
});

it('bytes that only look as if they had one are left to the runtime to refuse', async () => {
  await expect(openSession(Buffer.from('no model \u0003Pad MaxPool'))).rejects.toMatchObject({
    code: 'RUNTIME_MODEL_REFUSED',
  });
});
