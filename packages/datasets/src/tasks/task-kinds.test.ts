import { describe, expect, it } from 'vitest';
import { buildManifest } from '../manifest/build-manifest.ts';
import { Problems } from '../problems.ts';
import type { Table } from '../table/table.ts';
import { multilabel } from './multilabel.ts';
import type { TaskDraft } from './task-kind.ts';

/** The labels of a task over columns of cells. */
function labelsOf(
  draft: Omit<TaskDraft, 'name' | 'columns'>,
  ...columns: string[][]
): { labels: number[]; targets: readonly string[]; missing: number } {
  const names = columns.map((_, i) => `c${i}`);
  const rows = (columns[0] ?? []).map((_, i) => ({
    line: i + 2,
    cells: [`${i}.png`, ...columns.map((cells) => cells[i] ?? '')],
  }));
  const table: Table = { file: 'labels.csv', columns: ['image', ...names], rows };
  const problems = new Problems();
  const { manifest, drafts } = buildManifest(
    table,
    [{ name: 'task', columns: names, ...draft }],
    undefined,
    [],
    problems,
  );
  problems.throwIfAny();
  const again = buildManifest(table, drafts, undefined, [], problems);
  expect(again.manifest.labels).toEqual(manifest.labels);
  return {
    labels: [...(manifest.labels['task'] ?? [])],
    targets: manifest.tasks[0]?.targets ?? [],
    missing: manifest.missing['task'] ?? NaN,
  };
}

it('images that lack some labels of a task are counted, and what uses those that there are is said', () => {
  const cells = ['1,0', '0,', ',1', '0,1', ','].map((row) => row.split(','));
  const notes = (rows: string[][]) =>
    multilabel.encode(
      { name: 'worn', type: 'multilabel', columns: ['hat', 'tie'] },
      { rows: rows.length, cell: (row, column) => rows[row]![column]!, report: () => undefined },
    )!.notes;
  expect(notes(cells)).toEqual([
    'task "worn": 2 images lack some of its labels and count for those that they have, 2 have all',
  ]);
  expect(
    notes([
      ['1', '0'],
      ['', ''],
      ['0', '1'],
    ]),
  ).toEqual([]);
});

describe('labels become regression targets', () => {
  it('a number stays as it is, and an empty cell is a missing label', () => {
    expect(labelsOf({ type: 'continuous' }, ['1', '', '-2.5', '+3e2'])).toEqual({
      labels: [1, NaN, -2.5, 300],
      targets: ['c0'],
      missing: 1,
    });
  });

  it('the second class of two is 1', () => {
    expect(labelsOf({ type: 'binary' }, ['b', 'a', '', 'b']).labels).toEqual([1, 0, NaN, 1]);
    expect(labelsOf({ type: 'binary', classes: ['b', 'a'] }, ['b', 'a', '', 'b'])).toEqual({
      labels: [0, 1, NaN, 0],
      targets: ['a'],
      missing: 1,
    });
  });

  it('-1 and 1 are two classes however they are written', () => {
    expect(labelsOf({ type: 'binary' }, ['-1', '1.0', '1', '-1.0']).labels).toEqual([0, 1, 1, 0]);
  });

  it('a class is one-hot, in natural order when all are numbers', () => {
    expect(labelsOf({ type: 'categorical' }, ['10', '9', '', '10'])).toEqual({
      labels: [0, 1, 1, 0, NaN, NaN, 0, 1],
      targets: ['9', '10'],
      missing: 1,
    });
  });

  it('two columns of an ordered task are two targets', () => {
    const draft = { type: 'ordered', bins: [[0], [1, 2]] } as const;
    expect(labelsOf(draft, ['1', '2'], ['3', '4'])).toEqual({
      labels: [1, 3, 2, 4],
      targets: ['c0', 'c1'],
      missing: 0,
    });
  });

  it('yes and no in several columns are one target each', () => {
    expect(labelsOf({ type: 'multilabel', classes: ['hat', 'tie'] }, ['1', 'no', 'TRUE'], ['-1', 'yes', ''])).toEqual({
      labels: [1, 0, 0, 1, 1, NaN],
      targets: ['hat', 'tie'],
      missing: 0,
    });
  });

  it('a list of labels is one target per label, and an empty list differs from none', () => {
    expect(labelsOf({ type: 'multilabel' }, ['hat | tie', 'tie', '|', ''])).toEqual({
      labels: [1, 1, 0, 1, 0, 0, NaN, NaN],
      targets: ['hat', 'tie'],
      missing: 1,
    });
  });
});
