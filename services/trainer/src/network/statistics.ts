import { trainingStep, weightsOf, withWeights } from '@kneepoint/autodiff';
import { Graph, type ModelProto } from '@kneepoint/onnx';
import { resolveProvider, type TaskContext } from '@kneepoint/runtime';
import type { TrainingSettings } from '@kneepoint/workflow';
import type { ImageRows } from '../rows/image-rows.ts';
import { lossTerms } from '../targets/loss-terms.ts';
import type { Targets } from '../targets/targets.ts';
import { BatchFeeds } from '../training/batch-feeds.ts';
import { epochOrder } from '../training/order.ts';
import { StepSession } from '../training/step-session.ts';
import { readHead } from './head.ts';
import { networkSubject } from './subject.ts';

/** Running means and variances of the batch normalisations, by initializer. */
export function statisticsOf(model: ModelProto): ReadonlyMap<string, Float32Array> {
  const graph = new Graph(model);
  const names = graph
    .topological()
    .filter(({ opType }) => opType === 'BatchNormalization')
    .flatMap(({ input }) => input.slice(3, 5));
  return new Map(names.map((name) => [name, Float32Array.from((graph.constant(name)?.data ?? []) as Float32Array)]));
}

/** Batches over which running statistics forget where they began: 0.9⁵⁰ is half a percent. */
const BATCHES = 50;

/**
 * The same network with statistics of these images, layer by layer as training will see them: what was removed has changed the
 * distribution of everything behind it.
 */
export async function recalibrated(
  model: ModelProto,
  images: ImageRows,
  request: {
    readonly targets: Targets;
    readonly train: Int32Array;
    readonly settings: TrainingSettings;
    readonly context: TaskContext;
  },
): Promise<ModelProto> {
  const { targets, train, settings, context } = request;
  const { seed } = settings;
  const batch = Math.min(settings.batchSize, train.length);
  const subject = networkSubject(model, images, { headOnly: true, batchNorm: 'train' });
  const terms = lossTerms(targets, train, readHead(model).output, settings);
  const step = trainingStep({
    model,
    shapes: await subject.shapes(batch),
    trainable: subject.trainable,
    batchNorm: 'train',
    target: await resolveProvider(context.provider),
    loss: terms.map(({ term }) => term),
    optimizer: { kind: 'sgd' },
  });
  const session = await StepSession.open(step, model, { provider: context.provider, seed });
  try {
    const feeds = new BatchFeeds({ step, source: images, targets, terms, settings });
    const order = epochOrder(train, seed, 0);
    const perEpoch = Math.ceil(order.length / batch);
    for (let i = 0; i < BATCHES; i++) {
      context.signal.throwIfAborted();
      const { feeds: fed } = await feeds.prepare(order, 0, i % perEpoch);
      // Without a learning rate only statistics move.
      await session.run(fed, i + 1, 0);
      context.progress({ done: i + 1, total: BATCHES, unit: 'batches', message: 'reading statistics' });
      await new Promise(setImmediate);
    }
    const seen = weightsOf(step, session.state);
    const statistics = statisticsOf(model);
    return withWeights(model, new Map([...seen].filter(([name]) => statistics.has(name))));
  } finally {
    await session.release();
  }
}
