import { Failure } from '@kneepoint/failures';
import { DataType, encodeModel, GraphBuilder } from '@kneepoint/onnx';
import { loadOrt } from './ort.ts';
import { cleanMessage } from './ort-failure.ts';

/** Where a model is asked to run; `auto` takes CUDA where it works. */
export type Provider = 'cpu' | 'cuda' | 'auto';

/** Where a model runs. */
export type ActualProvider = 'cpu' | 'cuda';

let cudaTrouble: Promise<string | undefined> | undefined;

/**
 * The provider that a request comes to on this machine, found by running one operator there. Call it at start. Throws
 * RUNTIME_PROVIDER_UNAVAILABLE for `cuda` where CUDA does not work: there is no silent fall-back.
 */
export async function resolveProvider(provider: Provider): Promise<ActualProvider> {
  switch (provider) {
    case 'cpu':
      return 'cpu';
    case 'auto':
      return (await tryCuda()) === undefined ? 'cuda' : 'cpu';
    case 'cuda': {
      const trouble = await tryCuda();
      if (trouble === undefined) return 'cuda';
      throw new Failure('RUNTIME_PROVIDER_UNAVAILABLE', `cuda does not work here: ${trouble}`, {
        where: 'provider cuda',
        fix: 'use cpu or auto, or a machine with an NVIDIA GPU and the CUDA files of ONNX Runtime',
      });
    }
    default:
      throw new Failure('RUNTIME_PROVIDER_UNAVAILABLE', `there is no provider ${String(provider satisfies never)}`, {
        fix: 'use cpu, cuda or auto',
      });
  }
}

/** Why CUDA does not work in this process; undefined when it does. Tried once. */
function tryCuda(): Promise<string | undefined> {
  cudaTrouble ??= runOnCuda().then(
    () => undefined,
    (error: unknown) => cleanMessage(error),
  );
  return cudaTrouble;
}

async function runOnCuda(): Promise<void> {
  const { InferenceSession, Tensor } = await loadOrt();
  const net = new GraphBuilder();
  net.output(net.relu(net.input('x', [1], DataType.FLOAT)), [1]);
  const session = await InferenceSession.create(encodeModel(net.build()), {
    executionProviders: ['cuda'],
    // Without this, a node that CUDA does not take would quietly run on the CPU and prove nothing.
    extra: { session: { disable_cpu_ep_fallback: '1' } },
    logSeverityLevel: 4,
  });
  await session.run({ x: new Tensor('float32', Float32Array.of(-1), [1]) });
  await session.release();
}
