import { checkArea, checkHeader, unreadable } from './checks.ts';
import { sharp, UNTRUSTED } from './sharp.ts';
import { withReason } from './with-reason.ts';

/** In pixels as they lie in the file; it may reach beyond the picture. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A part of a picture as PNG, black where it reaches beyond the picture; equal pictures give equal bytes.
 * @throws DATASET_IMAGE_*; `where` is `name`
 */
export async function cutOut(bytes: Buffer, { left, top, width, height }: Rectangle, name: string): Promise<Buffer> {
  checkHeader(bytes, name);
  checkArea({ width, height }, name);
  try {
    const whole = await withReason(() => sharp(bytes, UNTRUSTED).metadata());
    const [from, above] = [Math.max(0, left), Math.max(0, top)];
    const [to, below] = [Math.min(whole.width, left + width), Math.min(whole.height, top + height)];
    if (from >= to || above >= below)
      throw new Error(`nothing of it lies in ${width} x ${height} pixels at ${left}, ${top}`);
    return await withReason(() =>
      sharp(bytes, UNTRUSTED)
        .extract({ left: from, top: above, width: to - from, height: below - above })
        .extend({
          ...{ left: from - left, top: above - top, background: '#000' },
          ...{ right: left + width - to, bottom: top + height - below },
        })
        .png()
        .toBuffer(),
    );
  } catch (error) {
    throw unreadable(error, name);
  }
}
