import { Worker } from 'node:worker_threads';

/**
 * Ends this process when its parent is gone. `disconnect` does that too, but only when the event loop turns, and a model can keep
 * the main thread inside ONNX Runtime for ever; a thread of its own looks once a second. Plain JavaScript in a string, because
 * a worker would load the TypeScript loader a second time. Returns the function that says which folder to remove in that case.
 */
export function watchParent(parentPid: number): (tempDir: string) => void {
  const worker = new Worker(WATCH, { eval: true, execArgv: [], workerData: parentPid });
  worker.unref();
  return (tempDir) => worker.postMessage(tempDir);
}

const WATCH = `
  const { rmSync } = require('node:fs');
  const { parentPort, workerData } = require('node:worker_threads');
  let tempDir;
  parentPort.on('message', (folder) => { tempDir = folder; });
  setInterval(() => {
    if (process.ppid === workerData) return;
    try {
      if (tempDir) rmSync(tempDir, { recursive: true, force: true });
    } finally {
      process.kill(process.pid, 'SIGKILL');
    }
  }, 1000);
`;
