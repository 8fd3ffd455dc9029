import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { answerTo, type Subject } from './answers.ts';

/** The page as it was built. */
export const FOLDER = join(import.meta.dirname, '../../dist/web');

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** The page on a port of its own, and made-up answers to what it asks. */
export async function serve(subject: Subject) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://bench');
    if (pathname === '/graphql') {
      const parts: Buffer[] = [];
      request
        .on('data', (part: Buffer) => parts.push(part))
        .on('end', () => {
          const asked = JSON.parse(Buffer.concat(parts).toString()) as Parameters<typeof answerTo>[0];
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify(answerTo(asked, subject)));
        });
      return;
    }
    const name = pathname === '/' ? '/index.html' : pathname;
    readFile(join(FOLDER, name)).then(
      (bytes) => {
        response.setHeader('content-type', TYPES[extname(name)] ?? 'application/octet-stream');
        response.end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
}
