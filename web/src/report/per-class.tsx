import type { ReportPerClass } from '@kneepoint/workflow/report';
import type { ReactNode } from 'react';
import { percent } from '../format.ts';
import { Table } from '../parts/table.tsx';
import { ChangedImages } from './changes.tsx';
import { referenceOf, unitOf } from './facts.ts';
import { classes as classesFigure, confusions, type Drawn, errors } from './figures.tsx';
import { Section } from './section.tsx';

/** What a task's figure is made of, before and after, and the images that are answered otherwise. */
export function PerClass({ drawn, found }: { readonly drawn: Drawn; readonly found: ReportPerClass }): ReactNode {
  const { task, classes, residuals } = found;
  const before = referenceOf(drawn.result);
  const share = (value: number | null): string => (value === null ? '–' : percent(value));
  const both = (was: number | null, is: number | null): string => `${share(was)} → ${share(is)}`;
  const figure = (value: number): string => value.toPrecision(3).replace('-', '−');
  return (
    <Section
      title={classes.length > 0 ? `Classes of ${task}` : `Errors of ${task}`}
      figures={[...classesFigure(drawn, found), ...confusions(drawn, found), ...errors(drawn, found)]}
    >
      {classes.length > 0 && (
        <Table
          caption={`Before (${before}) → after, on test`}
          head={['class', 'images', 'precision', 'recall', 'F1']}
          rows={classes.map(({ name, images, before: was, after: is }) => [
            name,
            images,
            both(was.precision, is.precision),
            both(was.recall, is.recall),
            both(was.f1, is.f1),
          ])}
        />
      )}
      {residuals.length > 0 && (
        <Table
          caption={`Answer − truth${unitOf(drawn.report, task)}: before (${before}) → after, on test`}
          head={['truth', 'images', 'mean', 'standard deviation']}
          rows={residuals.map(({ from, to, images, before: was, after: is }) => [
            `${figure(from)} to ${figure(to)}`,
            images,
            `${figure(was.mean)} → ${figure(is.mean)}`,
            `${figure(was.spread)} → ${figure(is.spread)}`,
          ])}
        />
      )}
      {found.changes && found.changes.changed > 0 && (
        <ChangedImages
          changes={found.changes}
          thumbnails={drawn.extras.thumbnails}
          lists={drawn.report.results.flatMap(({ perClass }) => perClass).length}
        />
      )}
    </Section>
  );
}
