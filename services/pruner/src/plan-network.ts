import type { ModelProto } from '@kneepoint/onnx';
import type { TaskContext } from '@kneepoint/runtime';
import { type CutRequest, planCut, type PlannedCut } from '@kneepoint/workflow';
import { type LatencySearch, searchLatency } from './search-latency.ts';

export interface Planned {
  readonly planned: PlannedCut;
  /** What the search for a latency measured. */
  readonly timed?: Pick<LatencySearch, 'before' | 'after'>;
}

/**
 * Plans a cut of an image → task network; where a latency is asked for, by timing cuts beside the network as it was registered. Throws what `planCut` and
 * `searchLatency` throw.
 */
export async function planNetwork(
  request: CutRequest,
  { model, context }: { readonly model: ModelProto; readonly context: TaskContext },
): Promise<Planned> {
  const { options, equalMacs } = request;
  const { target } = options;
  if (target?.kind !== 'latency' || equalMacs !== undefined) return { planned: planCut(request) };
  const planAt = (atMost: number): PlannedCut =>
    planCut({ ...request, options: { ...options, target: { kind: 'macs', atMost } } });
  const { planned, ...timed } = await searchLatency(model, target, planAt, context);
  return { planned, timed };
}
