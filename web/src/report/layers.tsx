import type { ReactNode } from 'react';
import { change, count } from '../format.ts';
import { Table } from '../parts/table.tsx';
import { type Drawn, layerTimes, widths } from './figures.tsx';
import { Section } from './section.tsx';

/** What is left of each layer, and what could not be cut and why. */
export function Layers(drawn: Drawn): ReactNode {
  const { layers, bestLayer, pool } = drawn.result;
  return (
    <>
      <Section title="Layers" figures={[widths(drawn), ...layerTimes(drawn)]}>
        <Table
          caption={`The head reads ${bestLayer}${pool > 1 ? ` on a ${pool} × ${pool} grid` : ''}`}
          head={['layer', 'filters', 'left', 'λ of the knee', 'parameters', '', 'MACs', '', 'why']}
          rows={layers.map((layer) => [
            layer.name,
            layer.filters,
            layer.kept,
            layer.lambda?.toPrecision(3) ?? '',
            `${count(layer.parametersBefore)} → ${count(layer.parametersAfter)}`,
            change(layer.parametersBefore, layer.parametersAfter),
            `${count(layer.macsBefore)} → ${count(layer.macsAfter)}`,
            change(layer.macsBefore, layer.macsAfter),
            whyOf(layer),
          ])}
          words={[8]}
        />
      </Section>
    </>
  );
}

/** Why a layer is whole, with the node in the way, or what is out of the ordinary in what it keeps. */
function whyOf({ reason, frozenBy, note }: Drawn['result']['layers'][number]): string {
  if (reason === null) return note ?? '';
  const named = !frozenBy || reason.includes(frozenBy.node);
  return `frozen: ${reason}${named ? '' : ` (${frozenBy.node}, ${frozenBy.operator})`}`;
}
