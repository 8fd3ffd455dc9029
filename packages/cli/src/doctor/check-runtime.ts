import type { Check, Config } from '@kneepoint/platform';
import { isolatesNetwork, runTask } from '@kneepoint/runtime';
import type { RuntimeState } from './runtime.task.ts';

const TASK = new URL('./runtime.task.ts', import.meta.url);
const TIMEOUT_MS = 25_000;

/** Whether ONNX Runtime loads and computes on the provider that is set. */
export function checkRuntime({ provider, memoryMb }: Pick<Config, 'provider' | 'memoryMb'>): Check {
  return async () => {
    const state = await runTask<null, RuntimeState>(TASK, null, { provider, memoryMb, timeoutMs: TIMEOUT_MS });
    const network = isolatesNetwork() ? 'kept from the network' : 'which this system does not keep from the network';
    const detail = `ONNX Runtime ${state.version} on ${state.provider} (set: ${provider}), ${network}`;
    if (state.right) return { state: 'ok', detail };
    return { state: 'wrong', detail: `${detail} computes wrongly`, fix: 'reinstall onnxruntime-node (npm ci)' };
  };
}
