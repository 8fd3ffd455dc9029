export interface ChartPoint {
  readonly x: number;
  readonly y: number;
}

export interface ChartOptions {
  readonly width?: number;
  readonly height?: number;
  readonly xLabel: string;
  readonly yLabel: string;
  /** A point to mark, with what to say of it. */
  readonly mark?: ChartPoint & { readonly label: string };
}

/** A small scatter of a falling curve in characters, y upwards, with the axes' ends named. */
export function chart(points: readonly ChartPoint[], options: ChartOptions): string {
  const { width = 60, height = 10, xLabel, yLabel, mark } = options;
  if (points.length === 0) return '(no points)';
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const [xMin, xMax] = [Math.min(...xs), Math.max(...xs)];
  const [yMin, yMax] = [Math.min(...ys), Math.max(...ys)];
  const column = (x: number): number => (xMax === xMin ? 0 : Math.round(((x - xMin) / (xMax - xMin)) * (width - 1)));
  const row = (y: number): number =>
    yMax === yMin ? height - 1 : Math.round(((yMax - y) / (yMax - yMin)) * (height - 1));
  const grid = Array.from({ length: height }, () => Array.from({ length: width }, () => ' '));
  for (const point of points) grid[row(point.y)]![column(point.x)] = '·';
  if (mark) grid[row(mark.y)]![column(mark.x)] = '●';
  const gutter = Math.max(yMax.toPrecision(3).length, yMin.toPrecision(3).length);
  const lines = grid.map((cells, index) => {
    const label = index === 0 ? yMax.toPrecision(3) : index === height - 1 ? yMin.toPrecision(3) : '';
    return `${label.padStart(gutter)} │${cells.join('')}`.trimEnd();
  });
  const ends = `${xMin}`.padEnd(width - String(xMax).length) + String(xMax);
  const legend = mark ? `   ● ${mark.label}` : '';
  return [
    yLabel,
    ...lines,
    `${' '.repeat(gutter)} └${'─'.repeat(width)}`,
    `${' '.repeat(gutter + 2)}${ends}  ${xLabel}${legend}`,
  ].join('\n');
}
