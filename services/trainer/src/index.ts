export { startTrainer } from './trainer.ts';
