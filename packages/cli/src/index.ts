export { type Embedded, startEmbedded } from './embedded.ts';
export { main } from './main.ts';
