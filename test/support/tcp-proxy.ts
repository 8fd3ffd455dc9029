import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** What happens to the bytes that a trap waits for: they never arrive, or they arrive and the answer to them does not. */
export type Loss = 'request' | 'answer';

export interface Trap {
  /** Bytes of a client that set it off. */
  readonly pattern: RegExp;
  readonly lose: Loss;
  /** Held back is what the trap loses until this has resolved; then the connection is cut. Without it, at once. */
  readonly meanwhile?: () => Promise<void> | void;
  /** `pass`: afterwards the bytes go on after all. Default: the connection is cut. */
  readonly then?: 'cut' | 'pass';
}

/** A TCP proxy before a server that can cut connections, refuse them, and cut one at an exact message. */
export interface TcpProxy {
  readonly port: number;
  /** Cuts every connection and refuses new ones until `restore`. */
  sever(): void;
  restore(): void;
  /** Sets a trap for the next matching message, of any connection; settles as `meanwhile` does once it has gone off. */
  trap(trap: Trap): Promise<void>;
  stop(): Promise<void>;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let severed = false;
  let armed: { readonly trap: Trap; readonly settle: (work: Promise<void>) => void } | undefined;

  const server = createServer((client) => {
    if (severed) return void client.destroy();
    const upstream = connect(target, '127.0.0.1');
    const ends = [client, upstream];
    const cut = (): void => ends.forEach((end) => end.destroy());
    let answers: 'pass' | 'hold' = 'pass';
    let onAnswer: (() => Promise<void>) | undefined;
    for (const end of ends) {
      end.setNoDelay(true);
      open.add(end);
      end.on('error', cut);
      end.on('close', () => {
        open.delete(end);
        cut();
      });
    }
    client.on('data', (chunk: Buffer) => {
      const found = armed;
      if (found === undefined || !found.trap.pattern.test(chunk.toString('latin1'))) return void upstream.write(chunk);
      armed = undefined;
      const { lose, meanwhile, then = 'cut' } = found.trap;
      const spring = async (pass: () => void): Promise<void> => {
        client.pause();
        await meanwhile?.();
        if (then === 'cut') return cut();
        answers = 'pass';
        pass();
        client.resume();
      };
      const act = (pass: () => void): Promise<void> => {
        const work = spring(pass);
        found.settle(work);
        return work.catch(cut);
      };
      if (lose === 'request') return void act(() => upstream.write(chunk));
      answers = 'hold';
      onAnswer = () => act(() => undefined);
      upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      if (answers === 'pass') return void client.write(chunk);
      const reaction = onAnswer;
      onAnswer = undefined;
      // The server has done what was asked; whoever asked does not learn it, or not yet.
      void reaction?.().then(() => !client.destroyed && client.write(chunk));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const cutAll = (): void => open.forEach((end) => end.destroy());
  return {
    port,
    sever() {
      severed = true;
      cutAll();
    },
    restore() {
      severed = false;
    },
    trap: (trap) => new Promise((resolve) => (armed = { trap, settle: resolve })),
    async stop() {
      cutAll();
      server.close();
      await once(server, 'close');
    },
  };
}
