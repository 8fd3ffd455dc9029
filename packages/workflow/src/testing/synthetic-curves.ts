import { type CharacteristicCurve, curve, Random, type TaskSpec } from '@kneepoint/regression';

export const YAW: TaskSpec = { name: 'yaw', type: 'continuous', unit: 'degrees', targets: ['yaw'] };

/** Filters that carry the label of a synthetic layer. */
export const CARRIERS = [0, 3, 5] as const;

/** The curve of a layer whose label is a sum of some of its filters and some noise, on 240 images. */
export function syntheticCurve(
  filters: number,
  seed: number,
  {
    task = YAW,
    noise = 0.05,
    carriers = CARRIERS,
  }: { readonly task?: TaskSpec; readonly noise?: number; readonly carriers?: readonly number[] } = {},
): CharacteristicCurve {
  const images = 240;
  const random = Random.seeded(seed);
  const responses = Float32Array.from({ length: images * filters }, () => Math.abs(random.normal()));
  const labels = Float64Array.from({ length: images }, (_, row) =>
    carriers.reduce((sum, filter) => sum + responses[row * filters + filter]!, noise * random.normal()),
  );
  return curve({ responses, labels, task, seed });
}
