/** What is used of the WebAssembly decoders, which bring no types. Their failures are thrown as numbers. */
interface CodecFrame {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
  readonly isSigned: boolean;
}

interface CodecDecoder {
  /** Memory for so many bytes of a file. */
  getEncodedBuffer(bytes: number): Uint8Array;
  decode(): void;
  getFrameInfo(): CodecFrame;
  /** Valid until the decoder is used again. */
  getDecodedBuffer(): Uint8Array;
  delete(): void;
}

interface CodecOptions {
  print(text: string): void;
  printErr(text: string): void;
}

declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  export default function create(options: CodecOptions): Promise<{ readonly J2KDecoder: new () => CodecDecoder }>;
}

interface CodecEncoder {
  getDecodedBuffer(frame: CodecFrame): Uint8Array;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
}

declare module '@cornerstonejs/codec-openjpeg/wasmjs' {
  export default function create(options?: CodecOptions): Promise<{
    readonly J2KEncoder: new () => CodecEncoder & {
      setDecompositions(levels: number): void;
      setQuality(lossless: boolean, rate: number): void;
    };
  }>;
}
