import { byMeasurement } from './measured.ts';

/**
 * First-order change of the loss when a channel is set to zero, Σ |∂L/∂a · a| over images (Molchanov et al. 2017, "Pruning
 * convolutional neural networks for resource efficient inference", eq. 8).
 */
export const taylor = byMeasurement('the gradient times the response of every tap channel');
