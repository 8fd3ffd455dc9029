import type { ModelProto } from '@kneepoint/onnx';
import type { TimeTarget } from '@kneepoint/pruning';
import type { TaskContext } from '@kneepoint/runtime';
import { type CutRequest, multipleOf, planCut, type PlannedCut } from '@kneepoint/workflow';
import { type LatencySearch, searchLatency } from './search-latency.ts';

export interface Planned {
  readonly planned: PlannedCut;
  /** What the search for a latency measured. */
  readonly timed?: Omit<LatencySearch, 'planned'>;
}

/**
 * Plans a cut of an image → task network; where a latency is asked for, by a table of its layers' times, and cuts timed beside the network as it
 * was registered. Throws what `planCut` and `searchLatency` throw.
 */
export async function planNetwork(
  request: CutRequest,
  { model, context }: { readonly model: ModelProto; readonly context: TaskContext },
): Promise<Planned> {
  const { options, equalMacs } = request;
  const { target } = options;
  if (target?.kind !== 'latency' || equalMacs !== undefined) return { planned: planCut(request) };
  const uncut = { ...options, target: { kind: 'macs', atMost: Number.MAX_SAFE_INTEGER } } as const;
  const planAt = (time?: TimeTarget): PlannedCut =>
    planCut(time ? { ...request, time } : { ...request, options: uncut });
  const { planned, ...timed } = await searchLatency({ model, target, planAt, multiple: multipleOf(request) }, context);
  return { planned, timed };
}
