/** Codes of what the client itself finds, and whether trying again can help; all other codes are the server's. */
export const OWN_CODES = {
  ARTIFACT_UNKNOWN: false,
  DOWNLOAD_FAILED: true,
  GATEWAY_ANSWER_INVALID: true,
  GATEWAY_UNREACHABLE: true,
  RUN_ENDED: true,
  RUN_UNKNOWN: false,
  UPLOAD_REFUSED: true,
} as const satisfies Readonly<Record<string, boolean>>;

export interface ErrorDetails {
  readonly retryable?: boolean;
  /** Where it happened: an address, a field, a value. */
  readonly where?: string | null;
  /** What would be right, as an instruction. */
  readonly fix?: string | null;
  readonly cause?: unknown;
}

/**
 * Everything that the client throws on purpose: what the server refused, why a run failed, what came in the place of an answer. The
 * codes are listed in docs/failures.md; one that this version does not know is kept as it came.
 */
export class KneepointError extends Error {
  override readonly name = 'KneepointError';
  readonly code: string;
  /** Whether the same request can succeed when it is sent again. */
  readonly retryable: boolean;
  readonly where: string | undefined;
  readonly fix: string | undefined;

  constructor(code: string, message: string, { retryable, where, fix, cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable ?? (code in OWN_CODES && OWN_CODES[code as keyof typeof OWN_CODES]);
    this.where = where ?? undefined;
    this.fix = fix ?? undefined;
  }

  toJSON(): object {
    const { code, message, where, fix, retryable } = this;
    return {
      code,
      message,
      ...(where === undefined ? {} : { where }),
      ...(fix === undefined ? {} : { fix }),
      retryable,
    };
  }
}

/** Whether it is a failure with this code. */
export function isFailure(error: unknown, code: string): error is KneepointError {
  return error instanceof KneepointError && error.code === code;
}

/** An error as GraphQL has it. */
export interface GraphqlError {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** An error of an answer as what the server meant by it. */
export function serverError({ message, extensions = {} }: GraphqlError): KneepointError {
  const { code, retryable, where, fix } = extensions;
  return new KneepointError(typeof code === 'string' ? code : 'REQUEST_INVALID', message, {
    retryable: retryable === true,
    where: typeof where === 'string' ? where : null,
    fix: typeof fix === 'string' ? fix : null,
  });
}
