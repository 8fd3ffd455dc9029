import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { boundConnections, holderOf } from './bound-connections.ts';

it('one address has so many connections, and the rest of them stays for others', async () => {
  const server = createServer((_request, response) => response.end('here'));
  boundConnections(server, { connections: 10, connectionsPerAddress: 3 });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const from = async (localAddress: string): Promise<Socket> => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  const greedy = await Promise.all(Array.from({ length: 8 }, () => from('127.0.0.2')));
  await expect.poll(() => greedy.filter((socket) => socket.closed || socket.readableEnded).length).toBe(5);
  const other = await from('127.0.0.3');
  other.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [answer] = (await once(other, 'data')) as [Buffer];
  expect(answer.toString()).toContain('200 OK');
  // A place is free again when a connection ends.
  for (const socket of greedy) socket.destroy();
  await expect
    .poll(async () => {
      const again = await from('127.0.0.2');
      again.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      const told = await Promise.race([
        once(again, 'data').then(() => 'answered'),
        once(again, 'close').then(() => 'ended'),
      ]);
      again.destroy();
      return told;
    })
    .toBe('answered');
  other.destroy();
  server.close();
  server.closeAllConnections();
});

it.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::9', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('an address %s is of %s', (address, holder) => {
  expect(holderOf(address)).toBe(holder);
});
