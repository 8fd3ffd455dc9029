import { seededRandom } from '@kneepoint/onnx';
import { openSession } from '@kneepoint/runtime';
import { gradientsOf } from './check-gradient.ts';
import { normal } from './data.ts';
import { type GradientRequest, prepareCase } from './gradient-graph.ts';

/**
 * Throws unless the graph that trains computes what the runtime computes for the model itself. Rules that take an operator apart
 * must put it together again.
 */
export async function checkForward(request: GradientRequest & { readonly seed?: number }): Promise<void> {
  const { outputs } = await gradientsOf(request);
  const { model, feeds } = await prepareCase(request, normal, seededRandom(request.seed ?? 1));
  const session = await openSession(model, { threads: 1 });
  try {
    const expected = await session.run(feeds);
    for (const [name, { data, dims }] of Object.entries(expected)) {
      const found = outputs[name];
      if (!found || String(found.dims) !== String(dims)) {
        throw new Error(`output ${name} is [${String(found?.dims)}], the model gives [${String(dims)}]`);
      }
      Array.from(data as ArrayLike<number>, Number).forEach((value, i) => {
        const difference = Math.abs(Number((found.data as Float32Array)[i]) - value);
        if (difference <= 1e-5 * Math.max(1, Math.abs(value))) return;
        throw new Error(`output ${name}, element ${i} is ${String(found.data[i])}, the model gives ${value}`);
      });
    }
  } finally {
    await session.release();
  }
}
