/** Other names of the three ways in which a picture fills the input. */
const NAMES: ReadonlyMap<unknown, string> = new Map([
  ['fill', 'stretch'],
  ['cover', 'crop'],
  ['contain', 'letterbox'],
]);

/** `stretch`, `crop` or `letterbox` for each of their names; any other value as it is. By default `stretch`. */
export function fitOf(fit: unknown = 'stretch'): unknown {
  return NAMES.get(fit) ?? fit;
}
