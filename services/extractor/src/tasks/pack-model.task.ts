import { readFile, writeFile } from 'node:fs/promises';
import { allTensors, DataLocation, decodeModel, encodeModel, isDropped } from '@kneepoint/onnx';
import { readModelFile } from '@kneepoint/runtime';

export interface PackModelInput {
  readonly path: string;
  readonly out: string;
}

/** Writes a model whose weights lie in other files as one file; says whether it had to. Throws what `readModelFile` throws. */
export default async function packModel({ path, out }: PackModelInput): Promise<boolean> {
  const model = decodeModel(await readFile(path));
  const elsewhere = [...allTensors(model)].some(
    ({ tensor }) => tensor.dataLocation === DataLocation.EXTERNAL && !isDropped(tensor),
  );
  if (elsewhere) await writeFile(out, encodeModel(await readModelFile(path)));
  return elsewhere;
}
