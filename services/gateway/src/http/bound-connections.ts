import type { Server } from 'node:http';
import { isIPv4 } from 'node:net';

export interface ConnectionBounds {
  readonly connections: number;
  readonly connectionsPerAddress: number;
}

/** Ends connections unanswered that are more than the server holds, or than one address may have of them. */
export function boundConnections(server: Server, { connections, connectionsPerAddress }: ConnectionBounds): void {
  server.maxConnections = connections;
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const name = holderOf(socket.remoteAddress ?? '');
    const count = (open.get(name) ?? 0) + 1;
    open.set(name, count);
    socket.once('close', () => {
      const left = open.get(name)! - 1;
      if (left === 0) open.delete(name);
      else open.set(name, left);
    });
    if (count > connectionsPerAddress) socket.destroy();
  });
}

/** Whose an address is: of version 6 everybody has 2⁶⁴, of which the first four groups are equal. */
export function holderOf(address: string): string {
  const mapped = address.replace(/^::ffff:/i, '');
  if (isIPv4(mapped)) return mapped;
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const [first, last] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const zeros = tail === undefined ? 0 : 8 - first!.length - last!.length;
  return [...first!, ...Array.from({ length: zeros }, () => '0'), ...last!].slice(0, 4).join(':');
}
