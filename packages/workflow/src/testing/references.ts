import type { DatasetReference } from '../dataset.ts';
import type { ModelReference, TapReference } from '../model.ts';
import { YAW } from './synthetic-curves.ts';

/** A model as an import leaves it, with taps and cost to choose. */
export function modelReference(
  { taps = [tap('conv1', 8), tap('conv2', 12)], macs = 1e9 }: { taps?: readonly TapReference[]; macs?: number } = {},
  overrides: Partial<ModelReference> = {},
): ModelReference {
  return {
    id: 'model-1',
    name: 'net',
    sha256: 'a'.repeat(64),
    skeletonSha256: 'b'.repeat(64),
    preprocess: { channels: 'rgb', range: [0, 1], mean: [0, 0, 0], std: [1, 1, 1] },
    inspection: {
      input: { name: 'image', channels: 3, height: 16, width: 16 },
      opset: 17,
      producer: 'test',
      parameters: 1000,
      macs,
      bytes: 4000,
      layers: [],
      taps,
      notes: [],
    },
    ...overrides,
  };
}

export function datasetReference(overrides: Partial<DatasetReference> = {}): DatasetReference {
  return {
    id: 'dataset-1',
    name: 'faces',
    sha256: 'c'.repeat(64),
    manifestSha256: 'd'.repeat(64),
    images: 240,
    tasks: [YAW],
    subject: null,
    ...overrides,
  };
}

export function tap(layer: string, channels: number): TapReference {
  return { layer, value: `${layer}_relu`, channels };
}
