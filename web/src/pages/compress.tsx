import { CompressionPlanDocument, LaunchCompressionDocument, type LaunchCompressionInput } from '@kneepoint/client';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useLocation } from 'wouter';
import { useAsk, useChange } from '../ask.tsx';
import { Bars } from '../charts/bars.tsx';
import { bytes, change, count } from '../format.ts';
import { NetworkDocument } from '../generated/graphql.ts';
import { Allowed } from '../identity/allowed.tsx';
import { useChoices, useChosen, useSources } from '../parts/choose.tsx';
import { NeedsAnalysis } from '../parts/needs-analysis.tsx';
import { Empty, Problem } from '../parts/problem.tsx';

type Goal = 'keep' | 'macs' | 'latency' | 'epsilon';

const GOALS: readonly { readonly goal: Goal; readonly text: string; readonly unit: string; readonly usual: string }[] =
  [
    { goal: 'keep', text: 'Keep so much of the accuracy', unit: '%', usual: '99' },
    { goal: 'macs', text: 'Take away so much of the work', unit: '% of the MACs', usual: '80' },
    { goal: 'latency', text: 'Be so fast', unit: 'ms for one image', usual: '1' },
    { goal: 'epsilon', text: 'Cut at the knees of the curves', unit: 'ε', usual: '0.01' },
  ];

/** From a wish to a run. */
export function Compress(): ReactNode {
  const { sources, error } = useSources();
  const [{ model, dataset, task }, controls] = useChosen(sources);
  const [choice, choose] = useChoices();
  const [, go] = useLocation();
  const goal = GOALS.find((one) => one.goal === choice('goal')) ?? GOALS[0]!;
  const figure = choice(goal.goal) ?? goal.usual;
  const [epochs, setEpochs] = useState('');
  const launch = useChange((gateway, input: LaunchCompressionInput) =>
    gateway.mutate(LaunchCompressionDocument.toString(), { input }),
  );
  if (error) return <Problem error={error} />;
  if (sources !== undefined && (model === undefined || dataset === undefined || task === undefined)) {
    return (
      <Empty title="What shall be compressed?">
        <p>
          Add an ONNX file under <a href="#/models">Models</a> and labelled images under{' '}
          <a href="#/datasets">Data sets</a> first.
        </p>
      </Empty>
    );
  }
  const begin = (event: FormEvent): void => {
    event.preventDefault();
    if (model === undefined || dataset === undefined || task === undefined) return;
    launch.mutate(
      {
        model: model.id,
        dataset: dataset.id,
        plan: { task },
        ...goalInput(goal.goal, Number(figure)),
        ...(epochs === '' ? {} : { training: { epochs: Number(epochs) } }),
      },
      { onSuccess: (payload) => go(`/runs/${encodeURIComponent((payload as { run: { id: string } }).run.id)}`) },
    );
  };
  return (
    <>
      <h1>Compress</h1>
      {controls}
      <form className="card narrow" onSubmit={begin}>
        <fieldset>
          <legend>What do you want of the small network?</legend>
          {GOALS.map((one) => (
            <label key={one.goal} className="goal">
              <input
                type="radio"
                name="goal"
                checked={one.goal === goal.goal}
                onChange={() => choose({ goal: one.goal })}
              />
              <span>{one.text}</span>
            </label>
          ))}
        </fieldset>
        <label>
          How much
          <span className="with-unit">
            <input
              type="number"
              required
              step="any"
              min="0"
              value={figure}
              onChange={({ target }) => choose({ [goal.goal]: target.value })}
            />
            {goal.unit}
          </span>
        </label>
        <label>
          Epochs, when not by default
          <input
            type="number"
            placeholder="as many as it takes"
            min="1"
            max="1000"
            value={epochs}
            onChange={({ target }) => setEpochs(target.value)}
          />
        </label>
        <Allowed least="OPERATOR" what="Launching a compression">
          <button type="submit" disabled={launch.isPending}>
            Compress
          </button>
        </Allowed>
        {launch.error && <Problem error={launch.error} />}
      </form>
      {goal.goal === 'epsilon' && model && dataset && task !== undefined && (
        <Plan model={model.id} dataset={dataset.id} task={task} epsilon={Number(figure)} />
      )}
      {model && goal.goal !== 'epsilon' && <Frozen model={model.id} />}
    </>
  );
}

function goalInput(goal: Goal, figure: number): Partial<LaunchCompressionInput> {
  switch (goal) {
    case 'keep':
      return { keep: { share: figure / 100 } };
    case 'macs':
      return { targets: [{ kind: 'MACS', remove: figure / 100 }] };
    case 'latency':
      return { targets: [{ kind: 'LATENCY', atMost: figure }] };
    case 'epsilon':
      return { epsilons: [figure] };
  }
}

/** What stays whole, whatever is asked for; what else does is known once images were seen. */
function Frozen({ model }: { readonly model: string }): ReactNode {
  const asked = useAsk(NetworkDocument, { id: model });
  const frozen = asked.data?.model?.layers.filter(({ prunable }) => !prunable) ?? [];
  if (frozen.length === 0) return null;
  return (
    <section>
      <h2>What cannot be cut</h2>
      <ul>
        {frozen.map(({ name, filters, reason }) => (
          <li key={name}>
            <code>{name}</code>, {filters} filters: {reason ?? 'no rule says how'}
          </li>
        ))}
      </ul>
    </section>
  );
}

interface PlanProps {
  readonly model: string;
  readonly dataset: string;
  readonly task: string;
  readonly epsilon: number;
}

/** What a cut at an ε would give, before anything is cut. */
function Plan({ model, dataset, task, epsilon }: PlanProps): ReactNode {
  const asked = useAsk(
    CompressionPlanDocument,
    { input: { model, dataset, plan: { task }, epsilon } },
    { enabled: epsilon > 0 && epsilon < 1 },
  );
  if (asked.error) return <NeedsAnalysis error={asked.error} model={model} dataset={dataset} />;
  if (asked.data === undefined) return null;
  const { before, after, layers, bestLayer } = asked.data.compressionPlan;
  return (
    <section>
      <h2>The plan</h2>
      <p>
        {count(after.parameters)} parameters ({change(before.parameters, after.parameters)}), {count(after.macs)} MACs (
        {change(before.macs, after.macs)}), {bytes(after.bytes)}; the head reads {bestLayer}.
      </p>
      <Bars
        caption="Filters of each layer that stay"
        bars={layers.map(({ name, filters, kept, reason, note }) => ({
          name,
          whole: filters,
          part: kept,
          text: `${kept} of ${filters}`,
          note: reason ?? note,
        }))}
      />
    </section>
  );
}
