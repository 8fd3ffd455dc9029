import type { ImageHeader } from '../header.ts';

/** A picture as a reader gives it: height × width × bands, from the left and from above. */
export interface ReadPicture {
  readonly values: Uint8Array | Uint16Array;
  readonly width: number;
  readonly height: number;
  /** Grey, colours, or colours and how opaque a pixel is. */
  readonly bands: 1 | 3 | 4;
  /** The value of white, where the file says so; of bytes 255 without it, of words by what is in use. */
  readonly most?: number;
  /** How values become 8 bits, where that is not plain; completes "12 of 30 pictures have ". */
  readonly reading?: string;
}

/** A format that the decoder of the usual ones does not read. A new one is a file and a line in readers.ts. */
export interface PictureReader {
  /** As the archive names it: a usual file ending of letters. */
  readonly format: string;
  /** Whether a file announces this format by its first bytes. */
  begins(bytes: Uint8Array): boolean;
  /** By the header alone. Throws an Error that says what is wrong. */
  header(bytes: Buffer): ImageHeader;
  /** Decodes a picture whose header was found to be within the limits. Throws an Error that says what is wrong. */
  read(bytes: Buffer): ReadPicture | Promise<ReadPicture>;
}

/** A picture that is sound, of a kind that is not read. */
export class NotRead extends Error {
  override readonly name = 'NotRead';

  constructor(
    message: string,
    /** What makes it one that is. */
    readonly fix: string,
  ) {
    super(message);
  }
}
