import { sharp } from '../../../packages/datasets/src/images/sharp.ts';
import { bmpOf, words } from '../../../packages/datasets/src/testing/bmp-files.ts';
import { dicomOf } from '../../../packages/datasets/src/testing/dicom-files.ts';

/** One sound picture of every kind that is read, 24 × 16 pixels, by name. */
export async function soundPictures(): Promise<ReadonlyMap<string, Buffer>> {
  const [width, height] = [24, 16];
  const colours = Buffer.from(Array.from({ length: width * height * 3 }, (_, i) => (i * i * 7 + 31 * i) % 256));
  const greys = colours.subarray(0, width * height);
  const deep = Uint16Array.from({ length: width * height }, (_, i) => (i * 911) % 65_536);
  const picture = () => sharp(colours, { raw: { width, height, channels: 3 } });
  const wide = () => sharp(deep, { raw: { width, height, channels: 1 } }).toColourspace('grey16');
  const text = (value: string): Buffer => Buffer.from(value, 'latin1');
  const jpeg = await picture().jpeg().toBuffer();
  const animated = await sharp(Buffer.concat([colours, colours]), {
    raw: { width, height: 2 * height, channels: 3, pageHeight: height },
  })
    .gif({ loop: 0 })
    .toBuffer();
  return new Map([
    ['png', await picture().png().toBuffer()],
    ['png of 16 bits', await wide().png().toBuffer()],
    ['png with a palette', await picture().png({ palette: true }).toBuffer()],
    ['jpeg', jpeg],
    ['jpeg, progressive', await picture().jpeg({ progressive: true }).toBuffer()],
    ['jpeg with a profile and a direction', await picture().withMetadata({ orientation: 6 }).jpeg().toBuffer()],
    ['webp', await picture().webp().toBuffer()],
    ['webp without loss', await picture().webp({ lossless: true }).toBuffer()],
    ['gif', await picture().gif().toBuffer()],
    ['gif that moves', animated],
    ['tiff', await picture().tiff({ compression: 'deflate' }).toBuffer()],
    [
      'tiff in tiles',
      await picture().tiff({ tile: true, tileWidth: 16, tileHeight: 16, compression: 'lzw' }).toBuffer(),
    ],
    ['tiff of numbers', await picture().toColourspace('scrgb').tiff({ compression: 'none' }).toBuffer()],
    ['avif', await picture().avif({ effort: 0 }).toBuffer()],
    ['bmp', bmpOf({ width, height, bits: 24, pixels: colours })],
    [
      'bmp in runs',
      bmpOf({
        width: 4,
        height: 1,
        bits: 8,
        compression: 1,
        behind: words(...Array(256).keys()),
        pixels: Buffer.from([4, 9, 0, 1]),
      }),
    ],
    ['pgm', Buffer.concat([text(`P5\n${width} ${height}\n255\n`), greys])],
    ['pgm as text', text(`P2 ${width} ${height} 255\n${[...greys].join(' ')}\n`)],
    ['ppm of 16 bits', Buffer.concat([text(`P6 ${width / 2} ${height} 4095\n`), colours])],
    ['dicom', dicomOf({ rows: height, columns: width, pixels: greys })],
    [
      'dicom of jpeg',
      dicomOf({ syntax: '1.2.840.10008.1.2.4.50', rows: height, columns: width, photometric: 'RGB', pixels: [jpeg] }),
    ],
    [
      'dicom in runs',
      dicomOf({
        syntax: '1.2.840.10008.1.2.5',
        rows: 2,
        columns: 8,
        pixels: [
          Buffer.concat([
            words(1, 64, ...Array<number>(14).fill(0)),
            Buffer.from([0xf9, 5, 7, 1, 2, 3, 4, 5, 6, 7, 8]),
          ]),
        ],
      }),
    ],
  ]);
}
