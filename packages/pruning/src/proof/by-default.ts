import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import { Graph, initializerBehind } from '@kneepoint/onnx';
import type { ProofBatch, RunModel } from './batches.ts';
import { runAll } from './batches.ts';
import type { BatchOutputs } from './compare.ts';
import { compareOutputs, relative } from './compare.ts';
import { shakenAlone } from './rounding.ts';
import { BEYOND_ROUNDING } from './trial.ts';
import { exposing } from './witnesses.ts';

interface Fed {
  readonly batches: readonly ProofBatch[];
  readonly run: RunModel;
}

/** Below this share of a value's magnitude it is not said to be seen there. */
const PLAIN = 1e-3;
/** In whole numbers kernels differ where a tie is decided: less than this share of the largest answer is no other network. */
const TIES = 1e-2;
const ENOUGH = 'run with its graph optimisation off, the file is answered as it says';
const FIX = `Write what stands there in other operators, or export again: a norm as LayerNormalization, scales of a weight along the channels that it makes, one quantisation where two follow each other, a zero point for each; or report it to ONNX Runtime: ${ENOUGH}.`;

/**
 * What a network gives in a session with default settings. Throws SURGERY_RUNTIME_DIFFERS where none can be had, although the network runs
 * as it is written.
 */
export async function runByDefault(
  model: ModelProto,
  batches: readonly ProofBatch[],
  run: RunModel,
): Promise<BatchOutputs> {
  try {
    return await runAll(model, batches, run, { optimized: true });
  } catch (error) {
    const { code, message } = Failure.from(error);
    if (code !== 'RUNTIME_MODEL_REFUSED' && code !== 'RUNTIME_RUN_FAILED') throw error;
    throw new Failure(
      'SURGERY_RUNTIME_DIFFERS',
      `the network runs node by node as it is written, and not as ONNX Runtime rewrites it by default: ${message}`,
      { where: 'a session with default settings', fix: FIX, cause: error },
    );
  }
}

/**
 * Throws SURGERY_RUNTIME_DIFFERS where a session with default settings answers otherwise than the network says by more than rounding can do:
 * then the runtime has rewritten it into another one. `which`: what the network is called.
 */
export async function refuseRewriting(
  model: ModelProto,
  which: string,
  { tolerance, seed, ...fed }: Fed & { readonly tolerance: number; readonly seed: number },
): Promise<void> {
  const { batches, run } = fed;
  const plain = await runAll(model, batches, run);
  const byDefault = await runByDefault(model, batches, run);
  if (compareOutputs(byDefault, plain).maxRelDiff <= tolerance) return;
  const { perOutput: shaken, unsteady } = await shakenAlone(model, plain, { ...fed, seed });
  const { perOutput, maxRelDiff: found } = compareOutputs(byDefault, plain, unsteady);
  const ofRounding = Math.max(
    0,
    ...perOutput.map(({ name, scale }) => relative({ diff: shaken.get(name) ?? 0, scale })),
  );
  const quantised = model.graph!.node.some(({ opType }) => opType === 'QuantizeLinear');
  if (found <= Math.max(quantised ? TIES : tolerance, BEYOND_ROUNDING * ofRounding)) return;
  const begins = await firstRewritten(model, fed, Math.min(PLAIN, found / 10));
  throw new Failure(
    'SURGERY_RUNTIME_DIFFERS',
    `ONNX Runtime answers ${which} by default otherwise than the file says: by ${shown(found)} of its largest answer, where rounding alone does ${shown(ofRounding)}; first seen at ${begins}`,
    { where: begins, fix: FIX },
  );
}

const shown = (value: number): string => value.toExponential(2);

/** In the order of the nodes the first value that a default session gives otherwise, found by halves: what follows a wrong value is wrong, too. */
async function firstRewritten(model: ModelProto, { batches, run }: Fed, share: number): Promise<string> {
  const graph = new Graph(model);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const values = graph.proto.node.flatMap((node) => {
    if (node.input.every((name) => name === '' || initializerBehind(graph, name) !== undefined)) return [];
    return node.output.filter((name) => name !== '').map((name) => ({ name, label: `${name} (${node.opType})` }));
  });
  const differs = async (name: string): Promise<boolean> => {
    const asked = outputs.has(name) ? model : exposing(model, [name]);
    const [plain, byDefault] = [
      await runAll(asked, batches, run),
      await runAll(asked, batches, run, { optimized: true }),
    ];
    const own = compareOutputs(byDefault, plain).perOutput.find((output) => output.name === name)!;
    return relative(own) > share;
  };
  let [from, to] = [0, values.length - 1];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (await differs(values[middle]!.name).catch(() => false)) to = middle;
    else from = middle + 1;
  }
  return values[to]?.label ?? 'its answers';
}
