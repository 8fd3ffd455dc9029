import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { inspectImage } from '../images/inspect-image.ts';
import { mapLimited } from '../map-limited.ts';
import type { OnProgress } from '../progress.ts';
import { invalid } from './dataset-index.ts';
import type { Dataset } from './open-dataset.ts';

export interface VerifyOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/**
 * Checks every image of an archive that came from elsewhere: its bytes are those of the index, and it decodes.
 * @throws DATASET_ARCHIVE_INVALID, DATASET_IMAGE_*; `where` names the image
 */
export async function verifyDataset(dataset: Dataset, { signal, onProgress }: VerifyOptions = {}): Promise<void> {
  let done = 0;
  const total = dataset.images.length;
  await mapLimited(
    total,
    Math.min(4, availableParallelism()),
    async (i) => {
      const image = dataset.images[i];
      if (image === undefined) return;
      const bytes = await dataset.read(i);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      if (sha256 !== image.sha256) throw invalid('the image is not the one that the index names', image.path);
      await inspectImage(bytes, image.path);
      done += 1;
      onProgress?.({ done, total, unit: 'images' });
    },
    signal,
  );
}
