/** Red, green, blue, 0 to 255. */
export type Colour = readonly [number, number, number];

/** From `a` (share 0) to `b` (share 1). */
export function mix(a: Colour, b: Colour, share: number): Colour {
  const part = (i: 0 | 1 | 2): number => a[i] + (b[i] - a[i]) * Math.min(1, Math.max(0, share));
  return [part(0), part(1), part(2)];
}

export function darker(colour: Colour, share: number): Colour {
  return mix(colour, [20, 8, 8], share);
}

export function lighter(colour: Colour, share: number): Colour {
  return mix(colour, [255, 250, 240], share);
}

/** As SVG writes it. */
export function css([r, g, b]: Colour): string {
  return `rgb(${Math.round(r)},${Math.round(g)},${Math.round(b)})`;
}
