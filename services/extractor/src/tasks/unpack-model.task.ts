import { join } from 'node:path';
import { unpackFiles } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import type { TaskContext } from '@kneepoint/runtime';

export interface UnpackModelInput {
  readonly archive: string;
  /** Where to unpack it: a folder that nothing else is in. */
  readonly folder: string;
}

/**
 * Unpacks a model that was packed with the files of its weights; the path of its one .onnx file. Throws MODEL_ARCHIVE and what
 * `unpackArchive` throws.
 */
export default async function unpackModel(
  { archive, folder }: UnpackModelInput,
  { progress }: TaskContext,
): Promise<string> {
  const { root, files } = await unpackFiles(archive, folder, { onProgress: progress });
  const models = files.filter((file) => file.toLowerCase().endsWith('.onnx'));
  if (models.length === 1) return join(root, models[0]!);
  const names = models.slice(0, 3).join(', ');
  throw new Failure(
    'MODEL_ARCHIVE',
    models.length === 0
      ? `the archive holds no .onnx file (${files.length} files)`
      : `the archive holds ${models.length} .onnx files: ${names}${models.length > 3 ? ', …' : ''}`,
    { fix: 'Pack one .onnx file with the files of its weights as they lie beside it.' },
  );
}
