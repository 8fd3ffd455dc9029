import { readFileSync } from 'node:fs';
import { Failure } from '@kneepoint/failures';

/** What this package uses of the global WebAssembly, which the types of Node 20 leave out. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
};

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** Adds pages of 64 KiB; every earlier view of the buffer is void. */
  grow(pages: number): number;
}

const GENERATED = new URL('../lasso/generated/', import.meta.url);

/**
 * Instantiates `NAME.wasm`, which build-wasm.mjs made from assembly/NAME.ts.
 * Throws REGRESSION_KERNEL_MISSING when it was not built or cannot be compiled.
 */
export function loadWasm(name: string): unknown {
  const file = new URL(`${name}.wasm`, GENERATED);
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file))).exports;
  } catch (cause) {
    throw new Failure('REGRESSION_KERNEL_MISSING', `the kernel ${name}.wasm cannot be loaded`, {
      where: file.pathname,
      fix: 'node packages/regression/build-wasm.mjs',
      cause,
    });
  }
}

const PAGE = 65_536;

/** Grows `memory` to at least `bytes`. Throws REGRESSION_TOO_LARGE when the machine refuses. */
export function ensureMemory(memory: WasmMemory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing <= 0) return;
  try {
    memory.grow(Math.ceil(missing / PAGE));
  } catch (cause) {
    throw new Failure(
      'REGRESSION_TOO_LARGE',
      `the kernels need ${Math.ceil(bytes / 2 ** 20)} MiB and cannot have them`,
      {
        fix: 'a layer of fewer filters, or more memory',
        cause,
      },
    );
  }
}
