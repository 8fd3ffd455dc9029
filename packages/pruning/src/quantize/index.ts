export { type LayersFound, quantisableLayers, type QuantisableLayer } from './layers.ts';
export { activationSteps, Histogram, type Steps, type ValueRange } from './ranges.ts';
export { LEAST_OPSET, quantize, type Quantized, type QuantizeOptions, valuesToRange } from './quantize.ts';
