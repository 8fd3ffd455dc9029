import { setTimeout as sleep } from 'node:timers/promises';

/** What sharp says where libvips's reason was lost. */
const LOST = 'Unknown error';
const TRIES = 20;

/**
 * Runs a decoder; when it fails, with the decoder's own reason. libvips keeps reasons in one place for the whole process, where a
 * picture that is decoded at the same time may wipe them; what does not decode is then tried again until its reason is heard.
 */
export async function withReason<T>(decode: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await decode();
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith(LOST) || attempt === TRIES) throw error;
      await sleep(5 * attempt);
    }
  }
}
