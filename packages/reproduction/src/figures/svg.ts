/** Attributes of an element; numbers are rounded to what a screen shows. */
type Attributes = Readonly<Record<string, string | number>>;

/** Colours that people with any colour vision tell apart (Okabe and Ito 2008), dark enough on white. */
export const COLOURS = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#8a6d00',
  '#56b4e9',
  '#000000',
  '#e69f00',
] as const;
export const INK = '#222222';
export const QUIET = '#555555';
export const FAINT = '#dddddd';
/** Fields of a table are the more opaque the more there is. */
export const FIELD = '#084081';
/** On a field that is nearly opaque. */
export const ON_FIELD = '#fefefe';
const PAPER = '#ffffff';

/** What stands for a colour where people have chosen dark pages. */
const DARK: Readonly<Record<string, string>> = {
  [PAPER]: '#1c2024',
  [INK]: '#e8eaec',
  [QUIET]: '#a2abb3',
  [FAINT]: '#363d43',
  [FIELD]: '#2a6fae',
  '#000000': '#ffffff',
  '#0072b2': '#4aa3df',
  '#8a6d00': '#c4a224',
};
/** Whoever knows no media queries, such as a program that prints, shows the colours of the attributes. */
const STYLE = `@media (prefers-color-scheme: dark) { ${Object.entries(DARK)
  .map(([light, dark]) => `[fill="${light}"] { fill: ${dark} } [stroke="${light}"] { stroke: ${dark} }`)
  .join(' ')} [stroke^="hsl"] { filter: brightness(1.3) } }`;

export interface Drawing {
  readonly title: string;
  /** A whole document. */
  readonly svg: string;
}

export function element(name: string, attributes: Attributes, inside = ''): string {
  const written = Object.entries(attributes).map(([key, value]) => {
    return ` ${key}="${typeof value === 'number' ? round(value) : escaped(value)}"`;
  });
  return inside === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${inside}</${name}>`;
}

export interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size?: number;
  readonly fill?: string;
  readonly bold?: boolean;
  /** Degrees about the text's own place. */
  readonly turn?: number;
}

/** Text whose baseline is at y. */
export function text(x: number, y: number, said: string, style: TextStyle = {}): string {
  const { anchor = 'start', size = 12, fill = INK, bold = false, turn = 0 } = style;
  const turned: Attributes = turn === 0 ? {} : { transform: `rotate(${turn} ${round(x)} ${round(y)})` };
  const weight: Attributes = bold ? { 'font-weight': 'bold' } : {};
  return element('text', { x, y, 'text-anchor': anchor, 'font-size': size, fill, ...weight, ...turned }, escaped(said));
}

export function line(x1: number, y1: number, x2: number, y2: number, stroke = INK, width = 1): string {
  return element('line', { x1, y1, x2, y2, stroke, 'stroke-width': width });
}

/** A whole figure on white, or on dark, with its title for who reads and for who listens. */
export function figure(width: number, height: number, title: string, parts: readonly string[]): Drawing {
  const inside = [
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    element('rect', { width, height, fill: PAPER }),
    text(12, 22, title, { size: 15, bold: true }),
    ...parts,
  ];
  const box = { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img' };
  const font = { 'font-family': 'system-ui, "DejaVu Sans", sans-serif' };
  return { title, svg: element('svg', { ...box, ...font }, `\n${inside.join('\n')}\n`) };
}

function round(value: number): string {
  return String(Number(value.toFixed(2)));
}

function escaped(said: string): string {
  return said.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
