import { Failure } from '@kneepoint/failures';

/**
 * JSON text of a value that survives the round trip: what JSON.stringify would drop or change without a word
 * (NaN, Infinity, undefined in an array, functions, bigint) is refused. Absent object members may be undefined.
 * Throws JSON_INVALID naming the path.
 */
export function encodeJson(value: unknown): string {
  check(value, '$', new Set());
  return JSON.stringify(value);
}

function check(value: unknown, path: string, above: Set<object>): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (Number.isFinite(value)) return;
      throw invalid(path, String(value));
    case 'object':
      if (value === null) return;
      if (above.has(value)) throw invalid(path, 'a circular reference');
      above.add(value);
      if (Array.isArray(value)) value.forEach((item, index) => check(item, `${path}[${index}]`, above));
      else if (hasToJson(value)) check(value.toJSON(), path, above);
      else if (isPlain(value)) {
        for (const [key, member] of Object.entries(value))
          if (member !== undefined) check(member, `${path}.${key}`, above);
      } else throw invalid(path, `a ${value.constructor.name}`);
      above.delete(value);
      return;
    default:
      throw invalid(path, `a ${typeof value}`);
  }
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function invalid(path: string, what: string): Failure {
  return new Failure('JSON_INVALID', `${path} is ${what}, which JSON cannot carry`, {
    where: path,
    fix: 'send finite numbers, strings, booleans, null, plain arrays and plain objects',
  });
}
