import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayAccess } from '@kneepoint/client';
import { Failure } from '@kneepoint/failures';
import type { Config } from '@kneepoint/platform';
import type { Embedded } from '../embedded.ts';
import type { Interrupt } from '../interrupt.ts';
import { note } from '../output.ts';
import { findRunning } from './find-running.ts';

/** Between two looks at who has the folder. */
const LOOK_MS = 200;
/** How long another process may have the folder without serving it: one that starts, ends or collects garbage. */
const PATIENCE_MS = 300_000;
/** After how long it is said that something is waited for. */
const QUIET_MS = 2_000;

/**
 * The server of a data folder, which one process at a time can be: whoever serves it, and this process when nobody does. Where its owner ends
 * or is killed, another one of those that used it serves from then on; runs are taken up as after any death of a worker.
 */
export class DataFolder {
  readonly #config: Config;
  readonly #interrupt: Pick<Interrupt, 'limit' | 'signal'> | undefined;
  #own: Embedded | undefined;
  #looking: Promise<GatewayAccess> | undefined;
  #closed = false;

  constructor(config: Config, interrupt?: Pick<Interrupt, 'limit' | 'signal'>) {
    this.#config = config;
    this.#interrupt = interrupt;
  }

  /** Where it is served; null when that is here, and nobody else is to be looked for. Throws DATABASE_IN_USE. */
  async relocate(): Promise<GatewayAccess | null> {
    if (this.#own !== undefined) return null;
    const access = await this.serve();
    if (this.#own !== undefined) note('whoever served the data folder has ended; this command goes on serving it');
    return access;
  }

  /** Where it is served, here if need be. Throws DATABASE_IN_USE. */
  serve(): Promise<GatewayAccess> {
    this.#looking ??= this.#find().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** Ends what is served here, also where that is just about to begin: nobody else would end it. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#looking?.catch(() => undefined);
    await this.#own?.close();
  }

  async #find(): Promise<GatewayAccess> {
    const since = performance.now();
    let said = false;
    for (;;) {
      const running = await findRunning(this.#config.dataDir);
      if (running !== null) {
        this.#interrupt?.limit(GOODBYE_MS);
        return running;
      }
      this.#interrupt?.signal.throwIfAborted();
      try {
        return await this.#start();
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== 'DATABASE_IN_USE') throw error;
        const waited = performance.now() - since;
        if (waited > PATIENCE_MS || this.#closed) throw error;
        if (waited > QUIET_MS && !said) note(`${error.message}; waiting for it`);
        said ||= waited > QUIET_MS;
        await sleep(LOOK_MS);
      }
    }
  }

  async #start(): Promise<GatewayAccess> {
    const { createLogger } = await import('@kneepoint/platform');
    const { startEmbedded } = await import('../embedded.ts');
    this.#own = await startEmbedded(
      // It is this command's alone.
      { ...this.#config, host: '127.0.0.1', port: 0, healthPort: 0 },
      createLogger({ service: 'kneepoint', level: process.env.LOG_LEVEL ? this.#config.logLevel : 'silent' }),
    );
    // What it serves has to be let go of in order.
    this.#interrupt?.limit(null);
    const { url, token } = this.#own;
    return { url, token };
  }
}

/** Milliseconds that a client of somebody else's server may take to end after SIGTERM: enough to say that it ends. */
export const GOODBYE_MS = 1_000;
