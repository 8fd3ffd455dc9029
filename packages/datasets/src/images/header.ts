/** What a file says of itself before a pixel is decoded. */
export interface ImageHeader {
  readonly width: number;
  readonly height: number;
  readonly grey: boolean;
  /** Of one value of a pixel; `float` stands for everything that is neither 8 nor 16 bits without sign. */
  readonly depth: 'uchar' | 'ushort' | 'float';
  readonly linear: boolean;
}
