export { measuredArm, measuredResult } from './measured-result.ts';
export { datasetReference, modelReference, tap } from './references.ts';
export { CARRIERS, syntheticCurve, YAW } from './synthetic-curves.ts';
export { layersOf, TINY_WIDTHS, tinyNet } from './tiny-net.ts';
