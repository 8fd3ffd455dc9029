import { agnosticClaim, compressionClaims, smallClaim } from './claims-of-cuts.ts';
import type { Claim } from './claim.ts';
import { layerClaims } from './claims-of-layers.ts';
import { relationshipClaims } from './claims-of-relationships.ts';
import type { Reproduction } from './results.ts';

/** Every claim of the paper, decided by the results alone. */
export function claimsOf(results: Reproduction): readonly Claim[] {
  return [
    ...relationshipClaims(results),
    ...layerClaims(results),
    ...compressionClaims(results),
    ...smallClaim(results),
    ...agnosticClaim(results),
  ];
}
