import { describe, expect, it } from 'vitest';
import type { Table } from '../table/table.ts';
import { inferSchema } from './infer-schema.ts';

function column(name: string, cells: readonly string[]): Table {
  const rows = cells.map((cell, i) => ({ line: i + 2, cells: [`${i}.png`, cell] }));
  return { file: 'labels.csv', columns: ['image', name], rows };
}

const times = (count: number, make: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => make(i));

describe('inferSchema', () => {
  it.each([
    ['two numbers', ['0', '1', '1', '0'], 'binary'],
    ['two texts', ['no', 'yes', 'no'], 'binary'],
    ['numbers with gaps', ['1.5', '', '2.5', '3'], 'continuous'],
    ['numbers and one slip', ['1.5', '2.5', '3', 'x'], 'continuous'],
    ['few texts', ['a', 'b', 'c', 'a', 'b', 'c'], 'categorical'],
    ['lists', ['hat|tie', 'hat', '|', 'tie'], 'multilabel'],
  ])('reads %s as %s', (_, cells, type) => {
    expect(inferSchema(column('x', cells)).schema.tasks).toEqual({ x: { type, column: 'x' } });
  });

  it.each([
    ['texts that all differ', times(40, (i) => `file ${i}`), '40 different texts in 40 rows are no classes'],
    ['more classes than anyone names', times(900, (i) => `id${i % 300}`), '300 different texts in 900 rows'],
    ['one value', ['a', 'a', ''], 'all its labels are the same, or missing'],
    ['no value', ['', ''], 'all its labels are the same, or missing'],
  ])('leaves out %s and says so', (_, cells, note) => {
    const { schema, notes } = inferSchema(column('x', cells));
    expect(schema.tasks).toEqual({});
    expect(notes.join()).toContain(note);
  });

  it('takes the numbers of subjects for names', () => {
    const table = column(
      'person',
      times(60, (i) => String(i % 20)),
    );
    expect(inferSchema(table, { subject: 'person' }).schema.tasks).toEqual({
      person: { type: 'categorical', column: 'person' },
    });
    expect(inferSchema(table).schema.tasks).toEqual({ person: { type: 'continuous', column: 'person' } });
  });

  it('says so when it takes a few whole numbers for a quantity', () => {
    expect(
      inferSchema(
        column(
          'x',
          times(60, (i) => String(i % 7)),
        ),
      ).notes.join(),
    ).toContain('if they stand for classes');
  });

  it('leaves alone what the schema mentions', () => {
    const known = { tasks: { y: { type: 'continuous', column: 'x' } }, ignore: [] } as const;
    expect(inferSchema(column('x', ['0', '1']), { ...known, ignore: [] }).schema.tasks).toEqual(known.tasks);
    expect(inferSchema(column('x', ['0', '1']), { ignore: ['x'] }).schema.tasks).toEqual({});
  });
});
