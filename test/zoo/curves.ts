import type { ModelProto } from '@kneepoint/onnx';
import { inputSpec, seededRandom } from '@kneepoint/onnx';
import type { Tap } from '@kneepoint/pruning';
import { type CharacteristicCurve, curve, type TaskSpec } from '@kneepoint/regression';
import { exposePooled, gridsOf, type ImageBatch, openSession, pooledResponses } from '@kneepoint/runtime';

const IMAGES = 96;
const BATCH = 16;

/** How strongly stripes stand out from the noise of an image. */
const STRIPES: TaskSpec = { name: 'stripes', type: 'continuous', unit: 'contrast', targets: ['contrast'] };

/** The characteristic curve of every tap for telling how strong the stripes in an image are, from the network's own pooled responses. */
export async function stripesCurves(
  model: ModelProto,
  taps: readonly Tap[],
): Promise<ReadonlyMap<string, CharacteristicCurve>> {
  const { channels, height, width } = inputSpec(model);
  const random = seededRandom(3);
  const labels = Float64Array.from({ length: IMAGES }, () => 2 * random.uniform());
  const values = [...new Set(taps.map((tap) => tap.value))];
  const session = await openSession(exposePooled(model, values, { grids: gridsOf(taps) }), {
    threads: 1,
    optimization: 'basic',
  });
  try {
    const { responses } = await pooledResponses(session, {
      taps,
      images: IMAGES,
      batches: batches((image) => {
        const contrast = labels[image]!;
        return Float32Array.from(
          { length: channels * height * width },
          (_, i) => contrast * Math.sin((i % width) / 1.5) + 0.5 * random.normal(),
        );
      }),
    });
    return new Map(
      [...responses].map(([layer, own]) => [layer, curve({ responses: own, labels, task: STRIPES, seed: 1 })]),
    );
  } finally {
    await session.release();
  }
}

async function* batches(draw: (image: number) => Float32Array): AsyncGenerator<ImageBatch> {
  for (let start = 0; start < IMAGES; start += BATCH) {
    const indices = Int32Array.from({ length: BATCH }, (_, i) => start + i);
    const images = [...indices].map(draw);
    const data = new Float32Array(BATCH * images[0]!.length);
    images.forEach((image, i) => data.set(image, i * image.length));
    yield await Promise.resolve({ indices, data });
  }
}
