import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useAsk } from '../ask.tsx';
import { Bars } from '../charts/bars.tsx';
import { count, percent } from '../format.ts';
import { NetworkDocument } from '../generated/graphql.ts';
import { Choose, useChoices, useSources } from '../parts/choose.tsx';
import { LayerTimes } from '../parts/layer-times.tsx';
import { NetworkInput } from '../parts/network-input.tsx';
import { Empty, Problem } from '../parts/problem.tsx';

/** A network layer by layer: what each costs, and what keeps it from being cut. */
export function Network(): ReactNode {
  const { sources, error } = useSources();
  const [choice, choose] = useChoices();
  const id = choice('model') ?? sources?.models[0]?.id;
  const asked = useAsk(NetworkDocument, { id: id ?? '' }, { enabled: id !== undefined });
  const dataset = sources?.datasets.find((one) => one.id === choice('dataset')) ?? sources?.datasets[0];
  const failed = error ?? asked.error;
  if (failed) return <Problem error={failed} />;
  if (sources !== undefined && id === undefined) {
    return (
      <Empty title="No network yet">
        <p>Add an ONNX file under Models.</p>
      </Empty>
    );
  }
  const model = asked.data?.model;
  const cut = asked.data?.cut.edges[0]?.node;
  const result = cut?.report?.results[0];
  const taps = new Set(model?.taps.map(({ layer }) => layer));
  const left = new Map(result?.layers.map(({ name, kept }) => [name, kept]));
  return (
    <>
      <h1>Network</h1>
      <div className="controls">
        <Choose
          label="Network"
          value={id}
          options={(sources?.models ?? []).map((one) => ({ value: one.id, text: one.name }))}
          onChoose={(chosen) => choose({ model: chosen })}
        />
        <Choose
          label="Fed from"
          value={dataset?.id}
          options={(sources?.datasets ?? []).map((one) => ({ value: one.id, text: one.name }))}
          onChoose={(chosen) => choose({ dataset: chosen })}
        />
      </div>
      {model && (
        <>
          <p className="lead">
            {count(model.parameters)} parameters, {count(model.macs)} multiply-accumulates for one image,{' '}
            {model.layers.length} layers, read behind {model.taps.length} of them.
          </p>
          {model.notes.map((note) => (
            <p key={note} className="quiet">
              {note}
            </p>
          ))}
          <Bars
            caption="Filters of each layer"
            bars={model.layers.map(({ name, op, filters, macs, prunable, reason }) => ({
              name,
              whole: filters,
              // What stands behind the layer that the head reads is gone with the cut.
              part: !prunable ? 0 : result ? (left.get(name) ?? 0) : filters,
              text: [
                prunable && result ? `${filters} → ${left.get(name) ?? 0}` : filters,
                `${percent(model.macs === 0 ? 0 : macs / model.macs)} of the MACs`,
              ].join(' · '),
              note: [
                prunable ? op : `${op}: ${reason ?? 'cannot be cut'}`,
                ...(taps.has(name) ? [] : ['not read']),
              ].join(' · '),
            }))}
          />
          <p className="quiet">
            A hollow bar is a layer that cannot be cut, with the reason beside it; behind one that is not read no probe
            stands.
            {cut && result && (
              <>
                {' '}
                Filled is what <Link href={`/runs/${encodeURIComponent(cut.id)}`}>the newest cut</Link>, {result.label}{' '}
                for {cut.tasks.join(', ')}, keeps.
              </>
            )}
          </p>
          <LayerTimes model={model.id} />
          {dataset && (
            <section aria-label="Input">
              <h2>What it gets of {dataset.name}</h2>
              <NetworkInput model={model.id} dataset={dataset.id} />
            </section>
          )}
        </>
      )}
    </>
  );
}
