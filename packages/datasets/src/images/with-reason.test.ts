import { describe, expect, it } from 'vitest';
import { inspectImage } from './inspect-image.ts';
import { sharp } from './sharp.ts';
import { withReason } from './with-reason.ts';

const noise = Buffer.from(Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251));
const picture = sharp(noise, { raw: { width: 64, height: 64, channels: 3 } });

describe('a picture that does not decode', () => {
  it('says why, however many others are decoded at the same time', async () => {
    const [png, jpeg] = await Promise.all([picture.clone().png().toBuffer(), picture.clone().jpeg().toBuffer()]);
    const said = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const others = Array.from({ length: 12 }, () => inspectImage(png, 'whole.png'));
      const cut = Array.from({ length: 4 }, () =>
        inspectImage(jpeg.subarray(0, 900), 'cut.jpg').catch((error: Error) => said.add(error.message)),
      );
      await Promise.all([...others, ...cut]);
    }
    expect([...said]).toEqual(['the image does not decode: VipsJpeg: premature end of JPEG image']);
  });

  it('is not tried for ever, and a reason that was heard is not asked for twice', async () => {
    let tries = 0;
    const failing = (message: string) => () => {
      tries += 1;
      return Promise.reject(new Error(message));
    };
    await expect(withReason(failing('damaged'))).rejects.toThrow('damaged');
    expect(tries).toBe(1);
    await expect(withReason(failing('Unknown error'))).rejects.toThrow('Unknown error');
    expect(tries).toBe(21);
  });
});
