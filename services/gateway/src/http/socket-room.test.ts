import { expect, it, vi } from 'vitest';
import { SocketRoom } from './socket-room.ts';

const bounds = { operations: 2, subscriptions: 3, unreadBytes: 100 };
const watching = (count: number) => ({
  subscriptions: Object.fromEntries(Array.from({ length: count }, (_, index) => [String(index), {} as never])),
});

it('a socket, and all of them together, have as many operations as they may', () => {
  const open = new Set([watching(2)]);
  const room = new SocketRoom(bounds, open);
  expect(room.watching).toBe(2);
  room.require(watching(2));
  expect(() => room.require(watching(3))).toThrow(expect.objectContaining({ code: 'TOO_MANY_SUBSCRIPTIONS' }) as Error);
  open.add(watching(1));
  expect(() => room.require(watching(1))).toThrow(expect.objectContaining({ code: 'TOO_MANY_SUBSCRIPTIONS' }) as Error);
});

it('who leaves unread what is sent is cut off', () => {
  const room = new SocketRoom(bounds, new Set());
  const close = vi.fn();
  room.requireRead({ bufferedAmount: 100, close });
  expect(close).not.toHaveBeenCalled();
  room.requireRead({ bufferedAmount: 101, close });
  expect(close).toHaveBeenCalledOnce();
});
