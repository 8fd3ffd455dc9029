import { Failure } from '@kneepoint/failures';

/** Code, message and place of the failure that a call ends in; anything else that it throws passes through. */
export function failureOf(call: () => unknown): { code: string; message: string; where: string | undefined } {
  try {
    call();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { code: error.code, message: error.message, where: error.where };
  }
  return { code: 'NONE', message: 'the call did not fail', where: undefined };
}
