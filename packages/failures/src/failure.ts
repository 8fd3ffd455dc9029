import type { FailureCode } from './registry.ts';
import { FAILURES } from './registry.ts';

export interface FailureDetails {
  /** Where it happened: a file and line, a node, a value, a field path. */
  readonly where?: string;
  /** What would be right, as an instruction. */
  readonly fix?: string;
  readonly cause?: unknown;
}

/** The shape in which a failure crosses a process, a database column or the API. */
export interface FailureJson {
  readonly code: FailureCode;
  readonly message: string;
  readonly where?: string;
  readonly fix?: string;
}

/**
 * An error that a person can act on: a code from the registry, what was wrong, where, and what would be right.
 * Everything that Kneepoint throws on purpose is a Failure; anything else is a defect and is reported as INTERNAL.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly where: string | undefined;
  readonly fix: string | undefined;

  constructor(code: FailureCode, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.where = details.where;
    this.fix = details.fix;
  }

  /** Whether trying the same work again can succeed; declared by the code, never guessed by the catcher. */
  get retryable(): boolean {
    return FAILURES[this.code].retryable;
  }

  toJSON(): FailureJson {
    return {
      code: this.code,
      message: this.message,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(this.fix === undefined ? {} : { fix: this.fix }),
    };
  }

  static fromJSON(json: FailureJson): Failure {
    return new Failure(json.code, json.message, json);
  }

  /** Any thrown value as a Failure; a full disk is told by its code, what else is not one already becomes INTERNAL with its message kept. */
  static from(error: unknown): Failure {
    if (error instanceof Failure) return error;
    const message = error instanceof Error ? error.message : describe(error);
    if (isDiskFull(error)) {
      return new Failure('DISK_FULL', message, { fix: 'free space in the data folder, then retry', cause: error });
    }
    return new Failure('INTERNAL', message, { cause: error });
  }
}

/** Libraries throw other things too, such as the event of a socket that was closed. */
function describe(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return String(thrown);
  const { message, reason, code } = thrown as Readonly<Record<string, unknown>>;
  for (const said of [message, reason]) if (typeof said === 'string' && said !== '') return said;
  if (typeof code === 'string' || typeof code === 'number') return `something was thrown with the code ${code}`;
  return `${Object.prototype.toString.call(thrown)} was thrown, which is no error`;
}

/** No space left, no quota left, or a file that would exceed the process's limit: any write may meet them. */
const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && NO_ROOM.has(error.code);
}
