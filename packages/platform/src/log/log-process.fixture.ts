/** A process that says things by itself in every way that there is; run by log-process.test.ts. */
import { createLogger } from './create-logger.ts';
import { logProcess } from './log-process.ts';

logProcess(createLogger({ service: 'fixture', level: process.argv[2] === 'silent' ? 'silent' : 'info' }));
process.emitWarning('it is late', 'ExperimentalWarning');
globalThis.console.error('a library says %s', 'no', { code: 7 });
globalThis.console.log('and yes');
setTimeout(() => void Promise.reject(new Error('nobody waits for this')), 20);
setTimeout(() => undefined, 60_000);
