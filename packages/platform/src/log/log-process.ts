import { format } from 'node:util';
import type { Logger } from './create-logger.ts';

/** By which level of the log a method of the console speaks. */
const CONSOLE = [
  ['error', 'error'],
  ['warn', 'warn'],
  ['info', 'info'],
  ['log', 'info'],
  ['debug', 'debug'],
] as const;

/**
 * From now on all that this process would write to standard error by itself is a line of its log: Node's warnings, what libraries say on the
 * console, and the error that nobody caught, which ends the process as it would anyway. The result ends that.
 */
export function logProcess(log: Logger): () => void {
  const onWarning = ({ name, message, stack }: Error): void =>
    log.warn({ warning: name, ...(log.isLevelEnabled('debug') ? { stack } : {}) }, message);
  const onUncaught = (error: unknown, origin: string): void => {
    // Also where the log is silent: a process must not vanish without a word.
    log.level = log.isLevelEnabled('error') ? log.level : 'error';
    log.fatal({ error, origin }, 'an error that nobody caught ends this process');
    process.exit(1);
  };
  const printed = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', onWarning);
  process.on('uncaughtException', onUncaught);
  const terminal = globalThis.console;
  const own = { ...terminal };
  for (const [method, level] of CONSOLE) {
    Object.assign(terminal, { [method]: (...values: unknown[]) => log[level]({ console: true }, format(...values)) });
  }
  return () => {
    process.off('uncaughtException', onUncaught);
    process.off('warning', onWarning);
    for (const listener of printed) process.on('warning', listener);
    Object.assign(terminal, own);
  };
}
