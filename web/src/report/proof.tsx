import type { ReportResult } from '@kneepoint/workflow/report';
import type { ReactNode } from 'react';
import { bytes, joined, metric, metricLabel, percent } from '../format.ts';
import { Table } from '../parts/table.tsx';
import { Section } from './section.tsx';

/** Why the cut can be trusted, and what else was measured of it. */
export function Proof({ result: { proof, avoidance, quantisation } }: { readonly result: ReportResult }): ReactNode {
  return (
    <Section title="Proof">
      <p className={proof.passed ? undefined : 'problem'}>
        {proof.passed ? 'Proved' : 'Not proved'}: the cut network equals the whole one with the removed filters masked,
        to a share of {proof.maxRelDiff.toExponential(1)} ({proof.tolerance.toExponential(1)} allowed).
      </p>
      {proof.meaning.map((text) => (
        <p key={text} className="quiet">
          {joined(text)}
        </p>
      ))}
      {avoidance && (
        <Table
          caption={`What a linear probe still reads, split by ${avoidance.by}`}
          head={['task', '', 'metric', 'guessing', 'before', 'after']}
          rows={avoidance.tasks.map(({ task, role, name, chance, before, after }) => [
            task,
            role,
            metricLabel(name),
            ...[chance, before, after].map((value) => metric(name, value)),
          ])}
        />
      )}
      {quantisation && (
        <p>
          In whole numbers: {quantisation.layers.length} layers in int8, {quantisation.left.length} in float; file{' '}
          {bytes(quantisation.bytes.float)} → {bytes(quantisation.bytes.whole)}; validation falls by{' '}
          {percent(quantisation.fall)}.
        </p>
      )}
    </Section>
  );
}
