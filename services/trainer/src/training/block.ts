import { blockOf } from '@kneepoint/autodiff';
import { type ActualProvider, openSession } from '@kneepoint/runtime';

let found: Promise<number> | undefined;

/**
 * How many channels the runtime's own layout for convolutions keeps together on this machine's CPU; 0 where it is not to be had, and
 * on CUDA. Found once per process by trying. It is the same on every run of one machine, and so are the weights.
 */
export function convolutionBlock(provider: ActualProvider): Promise<number> {
  if (provider !== 'cpu') return Promise.resolve(0);
  found ??= blockOf(async (model, feeds) => {
    const session = await openSession(model);
    try {
      return (await session.run(feeds))[session.outputs[0]!.name]!.data as Float32Array;
    } finally {
      await session.release();
    }
  });
  return found;
}
