const DEGREES = 180 / Math.PI;

/** Pitch, yaw and roll in degrees of a rotation (row-major 3 × 3), taken as roll about z after yaw about y after pitch about x. */
export function eulerAngles(rotation: readonly number[]): readonly [number, number, number] {
  const at = (row: number, column: number): number => rotation[3 * row + column] ?? 0;
  const pitch = Math.atan2(at(2, 1), at(2, 2));
  const yaw = Math.atan2(-at(2, 0), Math.hypot(at(2, 1), at(2, 2)));
  const roll = Math.atan2(at(1, 0), at(0, 0));
  return [pitch * DEGREES, yaw * DEGREES, roll * DEGREES];
}
