const LONGEST = 50;

/**
 * A name that Kubernetes, Triton and file systems all take: lower-case letters, digits and dashes, a letter first, 50 at most, so that what
 * servers append to it still fits into 63. Where there is too much the last word stays.
 */
export function slug(...words: readonly string[]): string {
  const parts = words.map(plain).filter((part) => part !== '');
  const last = (parts.pop() ?? '').slice(0, LONGEST - 2);
  const first = parts.join('-').slice(0, Math.max(0, LONGEST - 1 - last.length));
  const text = [first.replace(/-+$/, ''), last].filter((part) => part !== '').join('-');
  return /^[a-z]/.test(text) ? text : `n-${text}`.replace(/-+$/, '').slice(0, LONGEST);
}

function plain(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
}
