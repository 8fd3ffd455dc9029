import { Failure } from '@kneepoint/failures';

/** The Failure that `action` throws; anything else is an error of the test. */
export function failureOf(action: () => unknown): Failure {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
