import { Failure, type FailureCode, FAILURES } from '@kneepoint/failures';

export interface GraphqlError {
  readonly message: string;
  readonly extensions?: Record<string, unknown> | undefined;
}

/** An error of an answer as the failure that the server meant. */
export function serverFailure({ message, extensions }: GraphqlError): Failure {
  return toFailure(extensions?.['code'], message, extensions);
}

/** A failure by the code that the server gave; REQUEST_INVALID where this version does not know it. */
export function toFailure(
  code: unknown,
  message: string,
  details: { readonly where?: unknown; readonly fix?: unknown } = {},
): Failure {
  const known = typeof code === 'string' && Object.hasOwn(FAILURES, code) ? (code as FailureCode) : 'REQUEST_INVALID';
  return new Failure(known, message, {
    ...(typeof details.where === 'string' ? { where: details.where } : {}),
    ...(typeof details.fix === 'string' ? { fix: details.fix } : {}),
  });
}
