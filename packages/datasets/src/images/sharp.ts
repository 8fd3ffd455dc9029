import sharp from 'sharp';

// Every image is read once: libvips' operation cache would only hold memory.
sharp.cache(false);

export { sharp };
