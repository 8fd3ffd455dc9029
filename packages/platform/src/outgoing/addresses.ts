import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A host name, an address, or a range of addresses as `10.1.0.0/16`, that requests may go to though it is not public. */
export interface Allowed {
  readonly names: ReadonlySet<string>;
  readonly ranges: readonly (readonly [Address, number])[];
}

export const NOTHING_ALLOWED: Allowed = { names: new Set(), ranges: [] };

/** All addresses of version 6 that are handed out to networks; translations and mappings of version 4 lie outside. */
const GLOBAL = ipaddr.parseCIDR('2000::/3');

/** Public by its range, and yet a service inside of every machine of a cloud: Azure's, for what starts and watches it. */
const INSIDE: ReadonlySet<string> = new Set(['168.63.129.16']);

/** Reads `webhooks.internal,10.1.0.0/16,192.168.0.7`; undefined when a part is none of them. */
export function parseAllowed(list: string | undefined): Allowed | undefined {
  if (list === undefined) return NOTHING_ALLOWED;
  const names = new Set<string>();
  const ranges: [Address, number][] = [];
  for (const part of list.split(',').map((text) => text.trim().toLowerCase())) {
    if (ipaddr.isValidCIDR(part)) ranges.push(ipaddr.parseCIDR(part));
    else if (isAddress(part)) ranges.push([ipaddr.process(part), isVersion4(part) ? 32 : 128]);
    else if (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(part) && !/^[\d.]+$/.test(part)) names.add(part);
    else return undefined;
  }
  return { names, ranges };
}

/**
 * Whether a request may go to an address: one of the public internet, or in a range that is allowed. Private, loopback, link-local (where
 * clouds keep their metadata), shared, multicast, reserved and translated ones are not, nor those of version 4 in the clothes of version 6.
 */
export function mayReach(text: string, { ranges }: Pick<Allowed, 'ranges'> = NOTHING_ALLOWED): boolean {
  if (!isAddress(text)) return false;
  const address = ipaddr.process(text);
  if (ranges.some(([range, bits]) => isWithin(address, range, bits))) return true;
  if (address.range() !== 'unicast' || INSIDE.has(address.toString())) return false;
  return address.kind() === 'ipv4' || isWithin(address, ...GLOBAL);
}

/** In its usual form alone: `0177.1` and `2130706433` are addresses too, and no one who means well writes them. */
export function isAddress(text: string): boolean {
  return isVersion4(text) || ipaddr.IPv6.isValid(text);
}

function isVersion4(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text);
}

function isWithin(address: Address, range: Address, bits: number): boolean {
  return address.kind() === range.kind() && (address as ipaddr.IPv4).match(range, bits);
}
