import { useSyncExternalStore } from 'react';
import type { BaseLocationHook } from 'wouter';

/**
 * The page and its choices, both behind the # of the address: whoever serves the page sees neither, so it works below any path, and a link
 * to a view can be opened anywhere.
 */
export const useHashLocation: BaseLocationHook = () => [useHash(pathOf), navigate];
useHashLocation.hrefs = (href: string) => `#${href}`;

export const useHashSearch = (): string => useHash(searchOf);

const hash = (): string => window.location.hash.replace(/^#/, '') || '/';
const pathOf = (): string => hash().split('?', 1)[0]!;
const searchOf = (): string => hash().slice(pathOf().length + 1);

function useHash(part: () => string): string {
  return useSyncExternalStore(subscribe, part);
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
}

/** To a page, or to other choices of the same one where only those are named. */
function navigate(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  const next = `#${to.startsWith('?') ? pathOf() + to : to}`;
  if (!replace) {
    window.location.hash = next;
    return;
  }
  window.history.replaceState(null, '', next);
  // The browser tells of this change nobody.
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}
