import { type Preprocess, validatePreprocess } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { type ModelProto, sizeInMetadata } from '@kneepoint/onnx';
import { type Exported, PILLOW } from './exported.ts';

/** What the file itself says of how pixels become its input: what this product writes, or Ultralytics. */
export function preprocessInMetadata(model: ModelProto): Exported | undefined {
  const entries = new Map(model.metadataProps.map(({ key, value }) => [key, value]));
  const own = entries.get('kneepoint.preprocess');
  if (own !== undefined) {
    const preprocess = parsed(own);
    if (preprocess) return { preprocess, from: 'kneepoint.preprocess in the file' };
  }
  if (!['imgsz', 'stride', 'task'].every((key) => entries.has(key))) return undefined;
  const size = sizeInMetadata(model);
  // Its classifiers see the middle of a picture; everything else sees it whole, in a box.
  const base =
    entries.get('task') === 'classify'
      ? { ...PILLOW, range: [0, 1], mean: [0], std: [1], kernel: 'linear', fit: 'crop', cropShare: 1 }
      : { preset: 'ultralytics' };
  return {
    preprocess: validatePreprocess({ ...base, ...(size ? { size } : {}) }),
    from: 'what Ultralytics wrote into the file',
  };
}

/** An entry that somebody else changed is not worth a refusal: the default is there. */
function parsed(text: string): Preprocess | undefined {
  try {
    return validatePreprocess(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Failure) return undefined;
    throw error;
  }
}
