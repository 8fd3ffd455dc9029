import sharp from 'sharp';
import { LIMITS } from '../limits.ts';

// Every image is read once: libvips' operation cache would only hold memory.
sharp.cache(false);

/** How images from outside are opened. Cut-off data is an error; what decoders merely find odd is not, cameras write it. */
export const UNTRUSTED = {
  limitInputPixels: LIMITS.imagePixels,
  limitInputChannels: LIMITS.imageBands,
  failOn: 'error',
} as const;

export { sharp };
