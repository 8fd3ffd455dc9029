import { Worker } from 'node:worker_threads';

/**
 * Ends this process when its parent is gone. `disconnect` does that too, but only when the event loop turns, and a model can keep
 * the main thread inside ONNX Runtime for ever; a thread of its own looks once a second. Plain JavaScript in a string, because
 * a worker would load the TypeScript loader a second time.
 */
export function watchParent(parentPid: number): void {
  const worker = new Worker(
    `const { workerData } = require('node:worker_threads');
     setInterval(() => { if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL'); }, 1000);`,
    { eval: true, execArgv: [], workerData: parentPid, stdin: false },
  );
  worker.unref();
}
