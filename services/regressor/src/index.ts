export { type RegressorOptions, startRegressor } from './regressor.ts';
