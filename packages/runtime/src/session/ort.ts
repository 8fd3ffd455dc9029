import type * as OrtModule from 'onnxruntime-node';

export type Ort = typeof OrtModule;

let loaded: Promise<Ort> | undefined;

/**
 * ONNX Runtime, loaded when it is first used: a service imports this package for `runTask` and must not pay for, or be exposed to,
 * the native library. Its own log is kept to errors; old exporters earn hundreds of warnings per model.
 */
export function loadOrt(): Promise<Ort> {
  // Since 1.30 the library reports its use to its maker over the network, and litters the temporary folder, unless told not to.
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
  loaded ??= import('onnxruntime-node').then((ort) => {
    ort.env.logLevel = 'error';
    return ort;
  });
  return loaded;
}
