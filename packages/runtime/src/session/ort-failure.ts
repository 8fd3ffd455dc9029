import type { FailureCode } from '@kneepoint/failures';
import { Failure } from '@kneepoint/failures';

const LONGEST = 400;

/** An error of ONNX Runtime as a failure; running out of memory is told apart, whatever was being done. */
export function ortFailure(code: FailureCode, error: unknown, where?: string): Failure {
  const message = cleanMessage(error);
  const unknown = /No Op registered for (\w+)/.exec(error instanceof Error ? error.message : String(error))?.[1];
  if (unknown !== undefined) return unknownOperator(unknown, error);
  const exhausted = /bad_alloc|failed to allocate memory|out of memory/i.test(message);
  return new Failure(exhausted ? 'RUNTIME_MEMORY_LIMIT' : code, message, {
    ...(where === undefined ? {} : { where }),
    cause: error,
  });
}

/** What an exporter could not translate it leaves in the file under its own name; of TensorFlow that is often augmentation. */
function unknownOperator(operator: string, cause: unknown): Failure {
  const random = /Random|ImageProjective/.test(operator);
  return new Failure('RUNTIME_MODEL_REFUSED', `${operator} is no operator of ONNX at the file's opset`, {
    where: `operator ${operator}`,
    fix: random
      ? 'Export the network without the layers that change its images at random in training (augmentation), and for inference.'
      : 'Export again with an exporter or an opset that knows it; what an exporter cannot translate it leaves in the file.',
    cause,
  });
}

/** What ONNX Runtime says, without status prefixes, C++ source locations and signatures, on one line of bounded length. */
export function cleanMessage(error: unknown): string {
  const raw = error instanceof Error ? error.message : String(error);
  const clean = raw
    .replace(/\[ONNXRuntimeError\] : \d+ : \w+ : /g, '')
    .replace(/(?:\/[\w.+-]+)+\.(?:cc|h|cpp|hpp|cu):\d+ (?:[^\n]*?\)(?: const)? )?/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return clean.length > LONGEST ? `${clean.slice(0, LONGEST)}...` : clean || 'no reason given';
}
