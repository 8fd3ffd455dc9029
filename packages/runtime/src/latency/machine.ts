import { createRequire } from 'node:module';
import { arch, cpus, platform, totalmem } from 'node:os';
import { usableCores } from '../session/usable-cores.ts';

/** What times depend on beside the network. */
export interface MachineFacts {
  readonly cpu: string;
  /** That this process may use. */
  readonly cores: number;
  readonly memoryBytes: number;
  /** System and architecture, such as "linux x64". */
  readonly platform: string;
  /** Versions of Node.js and of ONNX Runtime. */
  readonly node: string;
  readonly onnxruntime: string;
}

export function machineFacts(): MachineFacts {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return {
    // Some systems name no processor.
    cpu: cpus()[0]?.model.trim().replaceAll(/\s+/g, ' ') || 'unknown',
    cores: usableCores(),
    memoryBytes: totalmem(),
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
    onnxruntime: version,
  };
}
