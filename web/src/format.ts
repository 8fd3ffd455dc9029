/** Between a figure and its unit: no line ends there. */
const GAP = '\u00A0';
const UNITS = ['', 'k', 'M', 'G', 'T'].map((unit) => unit && GAP + unit);
/** A figure, and what people write behind one as its unit. */
const SPACED = /(?<=\d) (?=%|(?:[kMGT]?B|[kMGT]|ms|s|min|h)\b)/g;

/** What is written elsewhere, with no end of a line between a figure and its unit. */
export function joined(text: string): string {
  return text.replaceAll(SPACED, GAP);
}

/** 1234567 → "1.23 M". */
export function count(value: number): string {
  let unit = 0;
  let left = value;
  while (Math.abs(left) >= 999.5 && unit < UNITS.length - 1) {
    left /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? String(Math.round(left)) : left.toPrecision(3)}${UNITS[unit]}`;
}

export function bytes(value: number): string {
  return `${count(value)}B`.replace(/^(\d+)B$/, `$1${GAP}B`);
}

/** A share as a percentage: 0.0512 → "5.1 %". */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)}${GAP}%`.replace('-', '−');
}

/** How much less `after` is than `before`: "−95.1 %". */
export function change(before: number, after: number): string {
  if (before === 0) return percent(0, 0);
  const share = after / before - 1;
  const text = percent(Math.abs(share));
  return share <= 0 ? `−${text}` : `+${text}`;
}

/** A metric as people say it, by its name in the API or in a report: shares in percent, errors in their unit. */
export function metric(name: string, value: number): string {
  return /accuracy/i.test(name) ? percent(value) : value.toPrecision(3).replace('-', '−');
}

/** The same beside an axis, where there is little room. */
export function metricTick(name: string, value: number): string {
  return /accuracy/i.test(name) ? `${Number((100 * value).toPrecision(3))}${GAP}%` : tick(value);
}

/** A figure beside an axis: 0.30000000000000004 → "0.3". */
export function tick(value: number): string {
  return String(Number(value.toPrecision(3))).replace('-', '−');
}

const FEWEST_DIGITS = 3;
const MOST_DIGITS = 8;

/** Figures beside an axis, each in as few digits as tell all of them apart. */
export function ticksOf(values: readonly number[]): readonly string[] {
  const different = new Set(values).size;
  for (let digits = FEWEST_DIGITS; ; digits += 1) {
    const texts = values.map((value) => String(Number(value.toPrecision(digits))).replace('-', '−'));
    if (digits === MOST_DIGITS || new Set(texts).size === different) return texts;
  }
}

/** "BALANCED_ACCURACY", "balancedAccuracy" → "balanced accuracy"; initials stay. */
export function metricLabel(name: string): string {
  if (/^(mae|rmse|r2)$/i.test(name)) return name.toUpperCase().replace('R2', 'R²');
  return words(name.replaceAll(/[a-z](?=[A-Z])/g, '$&_'));
}

/** 95 → "1 min 35 s". */
export function duration(seconds: number): string {
  if (seconds < 60) return joined(`${Math.max(0, Math.round(seconds))} s`);
  const minutes = Math.floor(seconds / 60);
  return joined(
    minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`,
  );
}

const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' });

export function time(iso: string): string {
  return TIME.format(new Date(iso));
}

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' });

/** To the second. */
export function moment(iso: string): string {
  return MOMENT.format(new Date(iso));
}

/** 0.000123 → "0.000123", 0.5 → "0.5". */
export function epsilon(value: number): string {
  return String(Number(value.toPrecision(2)));
}

/** LAUNCH_PRUNE → "launch prune". */
export function words(name: string): string {
  return name.toLowerCase().replaceAll('_', ' ');
}

/** Milliseconds: 0.41234 → "0.412". */
export function milliseconds(value: number): string {
  return value.toPrecision(3);
}

/** The same with its unit. */
export function inMilliseconds(value: number): string {
  return `${milliseconds(value)}${GAP}ms`;
}
