/** From values to positions, with values worth a tick. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** Even steps of 1, 2 or 5 times a power of ten; `from` and `to` are positions of the least and the largest tick. */
export function linearScale(values: readonly number[], from: number, to: number, wanted = 5): Scale {
  const [low, high] = boundsOf(values);
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? 10 * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  const [least, most] = [ticks[0]!, ticks.at(-1)!];
  return { at: (value) => from + ((value - least) / (most - least)) * (to - from), ticks };
}

/** Powers of ten, with 2 and 5 between them where these are few. Values must be above 0. */
export function logScale(values: readonly number[], from: number, to: number): Scale {
  const [low, high] = boundsOf(values.map(Math.log10));
  const all: number[] = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power++) {
    for (const factor of high - low > 2.5 ? [1] : [1, 2, 5]) {
      const value = factor * 10 ** power;
      if (Math.log10(value) >= low - 0.02 && Math.log10(value) <= high + 0.02) all.push(value);
    }
  }
  // A narrow range may hold one such power or none: its ends say more then.
  const ticks = all.length < 2 ? [10 ** low, 10 ** high] : all;
  return { at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from), ticks };
}

/** Least and largest; around a single value some room. */
function boundsOf(values: readonly number[]): readonly [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(low <= high)) return [0, 1];
  const room = low === high ? Math.abs(low) * 0.1 || 1 : 0;
  return [low - room, high + room];
}

/** What stands at ticks: as short as can be, but never twice the same. */
export function tickTexts(ticks: readonly number[]): readonly string[] {
  const brief = ticks.map(short);
  if (new Set(brief).size === ticks.length) return brief;
  const step = Math.min(...ticks.slice(1).map((tick, i) => tick - ticks[i]!));
  return ticks.map((tick) => tick.toFixed(Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))));
}

/** A number as short as it says what it is. */
export function short(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))} k`;
  return String(Number(value.toPrecision(3)));
}
