import type { ReactNode } from 'react';
import { Curve } from '../charts/curve.tsx';
import { change, count } from '../format.ts';
import { Table } from '../parts/table.tsx';
import { unitOf } from './facts.ts';
import { curvesOf, type Drawn, layerTimes, widths } from './figures.tsx';
import { Section } from './section.tsx';

/** What is left of each layer, what could not be cut and why, and the curves behind it. */
export function Layers(drawn: Drawn): ReactNode {
  const { layers, bestLayer, pool, tasks } = drawn.result;
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
      {tasks.map(({ task }) => (
        <Curves key={task} drawn={drawn} task={task} />
      ))}
    </>
  );
}

/** Why a layer is whole, with the node in the way, or what is out of the ordinary in what it keeps. */
function whyOf({ reason, frozenBy, note }: Drawn['result']['layers'][number]): string {
  if (reason === null) return note ?? '';
  const named = !frozenBy || reason.includes(frozenBy.node);
  return `frozen: ${reason}${named ? '' : ` (${frozenBy.node}, ${frozenBy.operator})`}`;
}

function Curves({ drawn, task }: { readonly drawn: Drawn; readonly task: string }): ReactNode {
  const { curves, range } = curvesOf(drawn, task);
  if (curves.length === 0) return null;
  return (
    <Section title={`Curves of ${task}`}>
      <p className="quiet">
        Error of a linear probe{unitOf(drawn.report, task)}, against how many filters it may use; marked is what is left
        of the layer.
      </p>
      <div className="multiples">
        {curves.map(({ title, points, knee }) => (
          <Curve key={title} title={title} points={points} knee={knee} range={range} />
        ))}
      </div>
    </Section>
  );
}
