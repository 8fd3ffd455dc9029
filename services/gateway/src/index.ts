export type { Services } from './context.ts';
export { type Gateway, startGateway } from './server.ts';
