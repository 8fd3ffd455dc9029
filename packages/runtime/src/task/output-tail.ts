import type { Readable } from 'node:stream';

/** The last lines that a stream wrote, in bounded memory. Every complete line is passed on once, cut to a bounded length. */
export class OutputTail {
  private readonly lines: string[] = [];
  private readonly onLine: (line: string) => void;
  private rest = '';

  constructor(stream: Readable, onLine: (line: string) => void = () => undefined) {
    this.onLine = onLine;
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => this.add(text));
    stream.on('end', () => this.add('\n'));
    // A pipe that breaks with its process says nothing that the exit does not say.
    stream.on('error', () => undefined);
  }

  /** The last lines, oldest first. */
  text(): string {
    return [...this.lines, this.rest].filter((line) => line.trim() !== '').join('\n');
  }

  private add(text: string): void {
    const parts = (this.rest + text).split('\n');
    this.rest = (parts.pop() ?? '').slice(0, MOST_CHARACTERS);
    for (const line of parts) this.keep(line.slice(0, MOST_CHARACTERS));
  }

  private keep(line: string): void {
    if (line.trim() === '') return;
    this.lines.push(line);
    if (this.lines.length > MOST_LINES) this.lines.shift();
    this.onLine(line);
  }
}

const MOST_LINES = 20;
const MOST_CHARACTERS = 500;
