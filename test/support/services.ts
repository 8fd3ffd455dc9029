export { available } from './available.ts';
export { startMinio } from './minio.ts';
export { type NatsOptions, startNats } from './nats.ts';
export { startPostgres } from './postgres.ts';
export { freePort, type RunningService } from './server-process.ts';
