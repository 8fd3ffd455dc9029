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
export const FAINT = '#dddddd';

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

/** A whole figure on white, with its title for who reads and for who listens. */
export function figure(width: number, height: number, title: string, parts: readonly string[]): string {
  const inside = [
    `<title>${escaped(title)}</title>`,
    element('rect', { width, height, fill: '#ffffff' }),
    text(12, 22, title, { size: 15, bold: true }),
    ...parts,
  ];
  const box = { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img' };
  return element('svg', { ...box, 'font-family': 'system-ui, "DejaVu Sans", sans-serif' }, `\n${inside.join('\n')}\n`);
}

function round(value: number): string {
  return String(Number(value.toFixed(2)));
}

function escaped(said: string): string {
  return said.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
