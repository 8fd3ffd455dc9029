/** 1_234_567 → "1.23 M": three digits and the unit of a thousand. */
export function compact(value: number): string {
  const units = ['', ' k', ' M', ' G', ' T'];
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? String(Math.round(scaled * 1000) / 1000) : scaled.toPrecision(3)}${units[unit]}`;
}

/** Share that is left, as a change: 0.25 → "−75.0 %". */
export function change(after: number, before: number): string {
  if (before === 0) return '–';
  const percent = 100 * (after / before - 1);
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
}

/** A share as people read it: 0.0512 → "5.1 %". */
export function share(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

/** A value of an enumeration of the gateway as reports write it: BALANCED_ACCURACY → "balancedAccuracy". */
export function camel(value: string): string {
  return value.toLowerCase().replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase());
}

/** A metric as people read it, by its name in a report or in the gateway's enumeration: a share in percent, anything else with four digits. */
export function metric(value: number, name: string): string {
  return /accuracy/i.test(name) ? `${(100 * value).toFixed(1)} %` : value.toPrecision(4);
}

/** Seconds as "1 m 05 s" or "12 s". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  return minutes === 0 ? `${whole} s` : `${minutes} m ${String(whole % 60).padStart(2, '0')} s`;
}
