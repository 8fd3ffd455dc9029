export type { Services } from './context.ts';
export { type Gateway, type GatewayOptions, startGateway } from './server.ts';
