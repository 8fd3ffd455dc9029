import { Failure } from '@kneepoint/failures';
import type { ModelReference } from '@kneepoint/workflow';

/** The layer's name when the model can be read there, else LAYER_UNKNOWN with the names that there are. */
export function requireLayer(model: ModelReference, layer: string, where: string): string {
  const layers = model.inspection.taps.map((tap) => tap.layer);
  if (layers.includes(layer)) return layer;
  throw new Failure('LAYER_UNKNOWN', `"${model.name}" has no layer "${layer}" that can be read`, {
    where,
    fix: `Choose one of: ${layers.join(', ')}.`,
  });
}
