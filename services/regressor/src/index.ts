export { startRegressor } from './regressor.ts';
