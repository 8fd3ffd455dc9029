import { rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import { dimsOf, Graph, type ImageSize } from '@kneepoint/onnx';
import { type FileInspection, inspectModelFile } from '@kneepoint/extractor-service';
import { surgeryFile } from '@kneepoint/pruner-service';
import { readModelFile } from '@kneepoint/runtime';

/** What became of a file at the door. */
export interface Outcome {
  /** Where it comes from: a package, or an exporter. */
  readonly source: string;
  readonly file: string;
  readonly megabytes: number;
  /** Whether it takes images and has convolutions. */
  readonly imageCnn: boolean;
  readonly parameters?: number;
  /** Of the parameters and of the multiply-accumulates, where it was cut and proved. */
  readonly left?: { readonly parameters: number; readonly macs: number };
  /** The size that its free height and width were given. */
  readonly size?: string;
  readonly difference?: number;
  /** What rounding alone does to the masked network; absent where no difference asked for it. */
  readonly rounding?: number;
  /** Where it ended: code and message. */
  readonly refused?: { readonly by: 'inspect' | 'surgery'; readonly code: string; readonly reason: string };
  readonly seconds: number;
}

/** For files that leave height and width free, tried one after the other: readers of lines of text take one height alone, detectors of speech 512 samples. */
const SIZES: readonly ImageSize[] = [
  { height: 320, width: 320 },
  { height: 512, width: 512 },
  { height: 48, width: 320 },
  { height: 32, width: 320 },
];
/** For one file: a network of detections at a free size is large. */
const LIMIT_MS = 600_000;

/** Takes a file through `inspect` and `surgery` (half of each layer by l1), as the commands do. */
export async function tryFile(source: string, path: string, file: string): Promise<Outcome> {
  const begun = performance.now();
  const out = join(tmpdir(), `kneepoint-door-${process.pid}.onnx`);
  const signal = AbortSignal.timeout(LIMIT_MS);
  const imageCnn = await takesImages(path);
  let found: FileInspection | undefined;
  let size: ImageSize | undefined;
  const told = (): Omit<Outcome, 'megabytes'> => ({
    ...{ source, file, imageCnn, seconds: Math.round((performance.now() - begun) / 1000) },
    ...(found ? { parameters: found.parameters } : {}),
    ...(size ? { size: `${size.height}x${size.width}` } : {}),
  });
  const megabytes = (await stat(path)).size / 2 ** 20;
  try {
    [found, size] = await inspected(path, signal);
    const { before, after, proof } = await surgeryFile({
      ...{ path, out, signal, criterion: 'l1', ratio: 0.5, seed: 1 },
      ...(size ? { size } : {}),
    });
    const left = { parameters: after.parameters / before.parameters, macs: after.macs / before.macs };
    const rounding = proof.rounding === null ? {} : { rounding: proof.rounding };
    return { ...told(), megabytes, left, difference: proof.maxRelDiff, ...rounding };
  } catch (error) {
    const code = error instanceof Failure ? error.code : 'ERROR';
    const by = found ? 'surgery' : 'inspect';
    return { ...told(), megabytes, refused: { by, code, reason: (error as Error).message } };
  } finally {
    await rm(out, { force: true });
  }
}

async function inspected(path: string, signal: AbortSignal): Promise<[FileInspection, ImageSize | undefined]> {
  let refused: unknown;
  for (const size of [undefined, ...SIZES]) {
    try {
      return [await inspectModelFile(path, { signal, ...(size ? { size } : {}) }), size];
    } catch (error) {
      refused = error;
      if (!(error instanceof Failure) || (size ? error.code !== 'RUNTIME_RUN_FAILED' : !/--size/.test(error.fix ?? '')))
        break;
    }
  }
  throw refused;
}

/** By what the file declares, so that it is known of one that was refused too. */
async function takesImages(path: string): Promise<boolean> {
  const { inputs, proto } = new Graph(await readModelFile(path));
  return inputs.some((input) => dimsOf(input).length === 4) && proto.node.some(({ opType }) => /Conv/.test(opType));
}
