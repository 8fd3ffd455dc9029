import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { smallNets } from '@kneepoint/onnx';
import { openSession } from './open-session.ts';
import type { Provider } from './provider.ts';
import { resolveProvider } from './provider.ts';

const hasGpu = existsSync('/dev/nvidia0');

describe('the execution provider', () => {
  it('is the CPU when the CPU is asked for', async () => {
    expect(await resolveProvider('cpu')).toBe('cpu');
  });

  it('is not a word that nobody knows', async () => {
    await expect(resolveProvider('tpu' as Provider)).rejects.toMatchObject({
      code: 'RUNTIME_PROVIDER_UNAVAILABLE',
      message: 'there is no provider tpu',
    });
  });

  describe.runIf(!hasGpu)('without a GPU', () => {
    it('is refused when CUDA is asked for, before any model is looked at', async () => {
      const refused = {
        code: 'RUNTIME_PROVIDER_UNAVAILABLE',
        message: expect.stringMatching(/^cuda does not work here: ./) as string,
      };
      await expect(resolveProvider('cuda')).rejects.toMatchObject(refused);
      await expect(openSession(new Uint8Array([1]), { provider: 'cuda' })).rejects.toMatchObject(refused);
    });

    it('is the CPU when the choice is left open, and the session says so', async () => {
      const session = await openSession(smallNets['vgg']!(1), { provider: 'auto' });
      expect(session.provider).toBe('cpu');
      await session.release();
    });
  });

  describe.runIf(hasGpu)('with a GPU', () => {
    it('is CUDA when the choice is left open, and gives what the CPU gives', async () => {
      const feeds = {
        image: { data: Float32Array.from({ length: 3 * 256 }, (_, i) => Math.sin(i)), dims: [1, 3, 16, 16] },
      };
      const answers = await Promise.all(
        (['auto', 'cpu'] as const).map(async (provider) => {
          const session = await openSession(smallNets['vgg']!(1), { provider });
          const { data } = (await session.run(feeds))[session.outputs[0]!.name]!;
          return { ran: session.provider, data: data as Float32Array };
        }),
      );
      expect(answers.map(({ ran }) => ran)).toEqual(['cuda', 'cpu']);
      answers[0]!.data.forEach((value, i) => expect(value).toBeCloseTo(answers[1]!.data[i]!, 2));
    });
  });
});
