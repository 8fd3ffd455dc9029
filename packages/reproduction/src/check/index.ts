export { type MadeReproduction, makeReproduction } from './make-reproduction.ts';
