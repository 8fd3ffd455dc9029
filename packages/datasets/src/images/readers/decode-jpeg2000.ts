import { jpeg2000Header } from './jpeg2000-header.ts';

/** Samples of a picture: height × width × bands. */
export interface Samples {
  readonly samples: Uint8Array | Uint16Array | Int16Array | Int8Array;
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly bits: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

let opened: Promise<new () => CodecDecoder> | undefined;

/** OpenJPEG as WebAssembly, loaded when the first such picture comes. */
async function open(): Promise<new () => CodecDecoder> {
  const { default: create } = await import('@cornerstonejs/codec-openjpeg/decodewasmjs');
  return (await create({ print: () => undefined, printErr: () => undefined })).J2KDecoder;
}

/**
 * A codestream or file of JPEG 2000 of the size that is expected: the decoder takes memory for whatever the stream announces. Throws an
 * Error.
 */
export async function decodeJpeg2000(bytes: Buffer, expected: Size): Promise<Samples> {
  const announced = jpeg2000Header(bytes);
  if (announced.width !== expected.width || announced.height !== expected.height) {
    throw new Error(`JPEG 2000 of ${announced.width} x ${announced.height} pixels within another size`);
  }
  if (!announced.ends) throw new Error('JPEG 2000 that is cut off');
  opened ??= open();
  const decoder = new (await opened)();
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const { width, height, bitsPerSample: bits, componentCount: bands, isSigned } = decoder.getFrameInfo();
    // A copy: the memory is the decoder's.
    const { buffer } = Uint8Array.from(decoder.getDecodedBuffer());
    const Numbers = bits > 8 ? (isSigned ? Int16Array : Uint16Array) : isSigned ? Int8Array : Uint8Array;
    const samples = new Numbers(buffer);
    if (bits < 1 || samples.length !== width * height * bands) throw new Error('samples are missing');
    decoder.delete();
    return { samples, width, height, bands, bits };
  } catch (error) {
    // What has failed within may have left its memory in any state.
    opened = undefined;
    const reason = error instanceof Error ? `: ${error.message}` : '';
    throw new Error(`JPEG 2000 that does not decode${reason}`, { cause: error });
  }
}
